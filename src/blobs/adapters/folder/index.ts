/**
 * blobs/adapters/folder: blobs as files of one folder, for one machine.
 * Must not be shared by machines that do not see each other's writes at once.
 * Keeps: a file appears under its name by a rename, after its bytes are on disk.
 */
export { type FolderBlobsOptions, openFolderBlobs } from './folder-blobs.ts';
