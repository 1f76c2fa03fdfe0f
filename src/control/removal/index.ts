/**
 * control/removal: takes a repository away with all that it made active. Owns the finalizer of Repository objects.
 * Must not delete definitions: the reconciler empties the domains, which this one only asks for.
 * Keeps: a repository's object goes last, when no definition and no git data of it is left, so a removal that was cut
 * short is carried on; a repository that nobody deleted is never touched.
 */
export { type Removal, type RemovalOptions, startRemoval } from './removal.ts';
