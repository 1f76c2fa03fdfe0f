/** The bounds of image references, of images.lock and of asking registries. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** An image reference as written, and its registry with its repository: the latter as Docker's grammar has it. */
export const MAX_IMAGE_REFERENCE_LENGTH = 1_024;
export const MAX_IMAGE_NAME_LENGTH = 255;

/** Images whose digests are looked up at a time by `pipectl lock`. */
export const MAX_IMAGE_LOOKUPS = 8;
/** One answer of an image registry: the OCI distribution specification asks registries to take manifests of 4 MiB. */
export const MAX_REGISTRY_REPLY_BYTES = 4 * MiB;
/** From a request to a registry to the end of its answer; redirects followed; and tries with their back-off. */
export const REGISTRY_TIMEOUT_MS = 30_000;
export const MAX_REGISTRY_REDIRECTS = 5;
export const MAX_REGISTRY_TRIES = 5;
export const REGISTRY_BACKOFF = { initialMs: 500, factor: 2, maxMs: 15_000 } as const;
/** A registry that asks for a longer pause than this is not waited for. */
export const MAX_REGISTRY_PAUSE_MS = 60_000;
/** Docker's configuration, the answer of a credential helper, and its time: some ask the network or a person. */
export const MAX_DOCKER_CONFIG_BYTES = 1 * MiB;
export const MAX_CREDENTIAL_BYTES = 64 * KiB;
export const CREDENTIAL_HELPER_TIMEOUT_MS = 30_000;
