/** Bounds of what definitions may hold: texts, types, expressions, policies, and what compiling and comparing them may cost. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** A diagnostic's frame is cut here: wider lines help nobody. */
export const MAX_FRAME_COLUMNS = 240;
/** Diagnostics kept of one commit; the rest is counted. */
export const MAX_DIAGNOSTICS = 500;

/** One YAML file. */
export const MAX_FILE_BYTES = 1 * MiB;
/** Definitions files of one commit, and their sum. */
export const MAX_DEFINITION_FILES = 50_000;
export const MAX_DEFINITION_BYTES = 512 * MiB;

/** One `${{ … }}`, in UTF-16 code units, and its syntax tree. cel-js recurses per prefix operator, so length bounds the stack. */
export const MAX_EXPRESSION_LENGTH = 4096;
export const MAX_EXPRESSION_NODES = 1000;
export const MAX_EXPRESSION_DEPTH = 100;
/** Expressions inside one text. */
export const MAX_TEXT_EXPRESSIONS = 1_000;
/** Work of one evaluation: one step per turn of a macro's loop, per element and per 64 characters that a function reads or makes. */
export const MAX_EXPRESSION_STEPS = 1_000_000;
/** A string made by an expression, in UTF-16 code units. */
export const MAX_EXPRESSION_STRING = 1 * MiB;
/** A regular expression, in UTF-16 code units: RE2 takes time by pattern times text. */
export const MAX_PATTERN_LENGTH = 500;

/** Values of one domain of a project. */
export const MAX_DOMAIN_VALUES = 128;

/** A line of a definitions file, in UTF-16 code units. */
export const MAX_LINE_LENGTH = 64 * KiB;
/** Nesting of a definitions file, block and flow together; `yaml` recurses over it. */
export const MAX_YAML_DEPTH = 64;
/**
 * Text that the full parser of YAML is given of one definitions file, in UTF-16 code units: it takes 1 to 3 µs for each token, so
 * 1 MiB would stop every loop of the process for a second. What is longer is read document by document, and only the
 * documents that are not plain go to that parser; of one that is longer than this, the lines around the first doubt.
 */
export const MAX_FULL_PARSE_LENGTH = 64 * KiB;
/** Of such a document: its beginning, and lines from the doubt on. In lines and code units. */
export const YAML_EXCERPT = { headLength: 2 * KiB, maxLines: 200, maxLength: 16 * KiB } as const;
/** Lexical tokens of a file that is no definitions file, about 2 µs each. Ours have 2.5 bytes a token. */
export const MAX_YAML_TOKENS = 500_000;
/** Keys and list items of a definitions file. */
export const MAX_YAML_ENTRIES = 200_000;
/** Documents of a definitions file. */
export const MAX_YAML_DOCUMENTS = 5_000;
/** Places where the parser stumbles before it is stopped: text that is no YAML stumbles at each word. */
export const MAX_YAML_ERRORS = 1_000;
/**
 * What the fast reader of YAML does not try: it stays well inside of the budgets above, however they are counted. Keys
 * come from the specification's 1,024 characters. `keptMarks`: texts whose places are remembered. `words`: texts that are
 * remembered as one string each, a power of two; `maxWordLength`: in UTF-16 code units.
 */
export const FAST_YAML = { maxDepth: 24, maxKeyLength: 1_000, keptMarks: 32, words: 2_048, maxWordLength: 64 } as const;
/** Diagnostics of one file; the rest is counted. */
export const MAX_FILE_DIAGNOSTICS = 100;

/** A type as written: its length in characters, nesting, parts in all, and fields or members at one place. */
export const MAX_TYPE_LENGTH = 4_096;
export const MAX_TYPE_DEPTH = 16;
export const MAX_TYPE_PARTS = 512;
export const MAX_TYPE_MEMBERS = 256;

/** Nesting of an input or output value. */
export const MAX_VALUE_DEPTH = 64;
/** Problems told of one value; a wrong list of a million items has one cause. */
export const MAX_VALUE_PROBLEMS = 20;
/** Durations: 100 years of 365 days, so that sums with instants stay inside what Date can hold. */
export const MAX_DURATION_MS = 100 * 365 * 24 * 3_600_000;

/** Names of inputs, outputs, record fields: they become environment variables. */
export const MAX_IDENTIFIER_LENGTH = 63;
/** Candidates and length looked at for a did-you-mean: the edit distance is quadratic in length. */
export const MAX_SUGGESTION_CANDIDATES = 10_000;
export const MAX_SUGGESTION_LENGTH = 64;
/** Different unknown names of one definition for which a near one is looked for. */
export const MAX_DEFINITION_SUGGESTIONS = 20;

/** Rules of one policy. */
export const MAX_POLICY_RULES = 100;
/**
 * Steps that all rules over all definitions of one commit may take together: about half a second, in slices of one rule and one
 * definition. One for each evaluation.
 */
export const MAX_POLICY_STEPS = 5_000_000;

/** Nodes that one workflow writes down. */
export const MAX_WORKFLOW_NODES = 10_000;
/** Branches of one switch, and tasks that a dynamic node's workflow may run. */
export const MAX_SWITCH_BRANCHES = 100;
export const MAX_DYNAMIC_TASKS = 100;
/**
 * What one workflow runs inline: workflows inside workflows, how many different ones, and nodes in all when each is
 * counted as often as it runs. A few small workflows that run each other twice would else grow without end.
 */
export const MAX_INLINE_DEPTH = 32;
export const MAX_INLINE_WORKFLOWS = 500;
export const MAX_INLINE_NODES = 100_000;

/** Pairs of removed and added entities, or nodes, that are compared for a rename; past it only the same content counts. */
export const MAX_RENAME_PAIRS = 250_000;
/** Share of fields that a renamed entity has in common with what it was; git takes half of a file's content for one. */
export const MIN_RENAME_SIMILARITY = 0.6;
/** Callers compiled against a changed interface, to tell which of them it breaks. */
export const MAX_BREAK_TRIALS = 2_000;

/** Keys of definitions that are kept for each kind, so that they need not be made anew, and the length of their names in UTF-16 code units. */
export const MAX_KEPT_KEYS = 1_000;
export const MAX_KEPT_NAME_LENGTH = 128;
