import { validateFirst } from './validate-first.ts';

// Not awaited here: a module that waits cannot be required.
void validateFirst();
