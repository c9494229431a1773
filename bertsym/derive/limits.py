"""Every tuning constant of derive, by the stage that it limits, each with its reason.

A name says what is limited and begins with MAX_ or MIN_ where it is a bound. A constant that follows from a format or a
protocol, and that nobody would tune, stays in its module.
"""

from __future__ import annotations

# --- oracle: how long and how much the model code may run ---

# Importing torch and transformers takes longer than a build does. A smaller limit fails on a cold disk.
MIN_START_SECONDS = 60.0
# The worker has this long to end by itself and to end what the code started. Then the process group is killed.
MAX_EXIT_SECONDS = 5.0
# Each sweep kills every process that carries the mark or descends from the supervisor. A fork may slip through a sweep.
MAX_MARK_SWEEPS = 50
MAX_KILL_SWEEPS = 200
# More timed-out builds mean that a loop of the code hardly ever ends: each costs `MIN_BUILD_SECONDS` or more.
MAX_TIMED_OUT_BUILDS = 30
# A build may take this many processor seconds, or this many times the slowest build before it, whichever is longer.
# A larger factor wastes time in loops that never end. A smaller one rejects sizes that are only larger.
MIN_BUILD_SECONDS = 2.0
BUILD_TIME_FACTOR = 5.0
# Code that waits, as for a lock or in a sleep, uses no processor time: it has this many times the limit on the clock.
WAIT_TIME_FACTOR = 4
# The worker ends a traced build at the limit of a build and then answers. The client waits this much longer for that.
TRACE_GRACE_SECONDS = 5.0
# A larger message is no inventory that synthesis could use. Without a bound, hostile code could fill our memory.
MAX_MESSAGE_BYTES = 64 * 2**20
# A module with more tensors costs too much: the oracle keeps the inventory of every build.
MAX_TENSORS = 60_000
# The worker sends a message again if the code's threads closed or garbled the connection. It waits a little more each
# time, 0.8 s in all. More attempts prolong the end of code that never lets a message through.
MAX_SEND_ATTEMPTS = 40
# Connections take a random high descriptor, because hostile code writes into the low ones. This is the highest one.
MAX_DESCRIPTORS = 4096
# The supervisor looks this often whether bertsym still lives. Less often leaves processes behind for longer.
SUPERVISOR_TICK_SECONDS = 0.5
# A message that has begun must arrive within this time, because the supervisor serves nobody else meanwhile.
MAX_RECEIVE_SECONDS = 10.0
# The supervisor gives up a target that garbles or drops more messages. Fewer would refuse code that could be built.
MAX_LOST_MESSAGES = 50
# Address space of the worker: torch and transformers map more than they use. A larger one could exhaust the machine.
MAX_WORKER_MEMORY_BYTES = 12 * 2**30
# A longer list of a configuration is data, such as token numbers. Each entry of a list is a field to screen.
MAX_LIST_LENGTH = 64
# A longer list of words is no list with a word a layer.
MAX_LIST_LENGTH_IN_LAYERS = 256
# Words are tried in a stack of so many layers: the first, one inside and the last may differ.
MIN_LIST_LAYERS = 3
# So many lists are sampled of each length; a stack of six layers of two kinds has 64.
NUMBERED_LISTS = 64
# Numbers in place of null: a usual width, then one that any number of heads up to 16 divides.
NULL_PROBES = (96, 720_720)
# Three builds a word; the largest table of words in the library has 15.
MAX_LIST_WORDS = 32

# --- concolic: how much a run with symbols may record ---

# Relations that one traced build records. More are about layer indices again and again, and each is decoded by sympy.
MAX_TRACED_RELATIONS = 500
# Different dimensions in one trace, and those among them that are expressions. A stack repeats the same few; more of
# them cost the client a call of sympy each.
MAX_TRACED_DIMENSIONS = 4000
MAX_TRACED_EXPRESSIONS = 600
# Exact quotients of one path. Each removal of a floor compares its argument with every one of them.
MAX_EXACT_QUOTIENTS = 64
# torch itself allows 64 dimensions, and its modules make no more than five.
MAX_TENSOR_RANK = 16
# A longer tensor name comes from code that names tensors by data.
MAX_TENSOR_NAME_LENGTH = 500
# Every library compares sizes with -1, 0, 1 and 2. Such comparisons say nothing of the model.
MAX_TRIVIAL_NUMBER = 2
# Bounds of a decoded expression. The worker is untrusted, and sympy's time grows with each of them.
MAX_EXPRESSION_DEPTH = 12
MAX_EXPRESSION_OPERANDS = 64
MAX_EXPRESSION_TERMS = 400
MAX_EXPRESSION_POWER = 8
MAX_EXPRESSION_DEGREE = 32
MAX_EXPRESSION_NUMBER = 10**12
# A larger expression tree is dropped and the value goes on alone. Trees are copied with each operation of the code.
MAX_TREE_NODES = 160
# Results that each function of the tree algebra remembers. A stack asks for the same few again in every layer.
MAX_CACHED_TREES = 10_000
# A float is read as the simplest fraction that equals it (0.75 as 3/4), else by its digits. A fraction with a larger
# denominator is taken for a measured number, which no formula contains.
MAX_SIMPLE_DENOMINATOR = 1000
MAX_DENOMINATOR = 10**6
# Conditions of traces that are handed on. Each costs synthesis a column of truth values, and sampling two builds or
# more.
MAX_PATH_CONDITIONS = 40
# Operations in a condition that is handed on. sympy simplifies a longer one too slowly.
MAX_CONDITION_OPERATIONS = 24
# Relations that differ in one number are about the index of a layer. So many stand for all, to leave room for others.
MAX_CONDITIONS_PER_INDEX = 4
# Synthesis tries comparisons of two sizes, and of a size with a number up to this, without a trace.
MAX_SIMPLE_NUMBER = 4

# --- domain: how fields are screened and their constraints found ---

# Every layer is built, so the time of a build grows with the depth. Fewer values would hide rules such as "every third
# layer"; those are looked for with `EXTENDED_DEPTH_VALUES`.
MAX_DEPTH_VALUES = 6
# A divisor such as the number of heads multiplies the widths that depend on it. More values make wider tensors, fewer
# make wrong quotients pass.
MAX_DIVISOR_VALUES = 24
# The error bound (Schwartz-Zippel) of a formula is its degree over this number, so it should be large. The time of a
# build does not depend on a width.
MAX_WIDTH_VALUES = 500
# A rule may concern every ninth layer. 20 layers show such a layer twice.
EXTENDED_DEPTH_VALUES = 20
# Two deep stacks at once are enough to compare them; three would make a build of thousands of tensors.
MAX_EXTENDED_DEPTHS = 2
# In a sample at the edge, the first share of the fields is at its minimum, and up to the second share at its
# default; the rest is uniform. Minima show special cases at 0 or 1; defaults show which fields these do not concern.
EDGE_MINIMUM_SHARE = 0.4
EDGE_MINIMUM_OR_DEFAULT_SHARE = 0.6
# In a sample near the default, this share of the fields stays there, so that few special values meet.
NEAR_DEFAULT_SHARE = 0.75
# A small sample is this many steps above the minimum: mostly at most one, for what exists only at 0 or 1.
SMALL_STEPS = (0, 0, 1, 1, 2, 3, 5, 9)
# A comparison of two fields shows if both come from one small pool; its largest number is one of these. 40 beside 3
# shows a comparison that a factor hides.
POOL_MAXIMA = (2, 4, 8, 16, 40)

# Depths in the base: every later build has these layers. Two are too few to tell the first from the others and both
# from the last.
MAX_SHRUNK_DEPTH = 3
# A larger number counts no layers but a width, so it is not halved or tried as a depth.
MAX_LAYER_COUNT = 64
# A number as large as this is not tried as a depth at all: if it is one, the build has as many layers.
MAX_BUILT_COUNT = 10_000
# Depths below this are all tried where a depth is looked for. A depth up to this stays as it is in the base.
TRIED_DEPTHS = 6
# Further depths that are tried for a number that counts within another, as layers from an index on.
FAR_DEPTHS = (8, 16)
# A field is a depth under another name if a larger value adds more tensors than this. Fewer are one special layer.
MIN_ADDED_TENSORS = 6
# Small counts that a field without effect is given: a period or an index of layers has one there, if anywhere.
SMALLEST_COUNTS = (1, 2, 3)
# Values of other fields that it is given too, with the counts above: a comparison shows where both are equal. Each
# value costs a build of all such fields together, and a few more if one has an effect.
MAX_TIED_VALUES = 10
# Stacks are so deep when the smallest counts are tried once more: periods of 4 and 5 look alike in three layers.
EXTENDED_SCREENING_DEPTH = 6

# Constants that a field may be a multiple of, besides those that other fields explain. Model code aligns to these.
STRIDES = (4, 8, 16, 32, 64)
# A multiple of another field may have one of these factors, as queries of two heads. Larger ones are strides.
LEADER_FACTORS = (1, 2, 4)
# A constraint is tried at 41 to 81 more steps than the base, odd so that a stride of 2 is not hidden.
FAR_STEPS = (20, 40)
# Integers without a constraint are tried together, each larger by a number from this range, so that no two that are
# equal in the base grow alike.
FAR_INCREASE = (20, 90)
# Fields without effect are tried together at values from this range; 0 and 1 may switch something off.
NO_EFFECT_TRIAL_VALUES = (2, 90)
# A leader below this is given one of the small values, which heads and strides may have, else a large one, which a
# width may have. The first that differs from its base value is taken.
MAX_SMALL_LEADER = 32
SMALL_LEADER_VALUES = (5, 7, 3, 6, 12)
LARGE_LEADER_VALUES = (96, 160, 224)
# The field itself gets so many steps then: an odd number that is none of the leaders' values.
FOLLOWER_STEPS = 9
# Every number is a multiple of 1, and none of 0.
MIN_LEADER = 2
# A base value up to this may be a count that 0 switches off, so 0 is tried. A 0 elsewhere mostly means "as another
# field says".
MAX_ZERO_CANDIDATE = 2
# The minimum is looked for among so many numbers of steps one by one, from 0 or 1, before it is bisected.
TRIED_STEPS = 3
# Values that are tried one by one if no constraint fits. Above the largest, halves and multiples of the base are tried.
LISTED_OPTIONS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
MAX_LISTED_VALUE = 64
# Groups of this many numbers, among so many that no constraint fits, are tried in proportion. All groups of 12 numbers
# are 286; each costs a build.
MAX_PROPORTIONAL_GROUP = 3
MAX_PROPORTIONAL_CANDIDATES = 12
PROPORTIONAL_FACTORS = (2, 3)
# Values that break a constraint: primes that divide few usual widths. More of them cost a build for each constraint.
BREAKING_VALUES = (5, 7, 11)
# With more depths than this, each is sampled from so few values: as many stages of six layers make thousands of
# tensors.
MAX_DEPTHS = 5
FEW_DEPTH_VALUES = 3
# An index of a layer is sampled from more values than a depth is, so that some indices lie beyond the last layer.
LAYER_INDEX_VALUES = 8
# A field with a base value up to this may divide another, as a stride does. It is sampled up to where a dimension
# becomes 0, but from two values at least, or it would not vary.
MAX_CAPPED_BASE = 8
MIN_CAPPED_VALUES = 2

# Constraints are complete enough if so many samples in a row are accepted. More find rarer constraints.
ACCEPTED_IN_A_ROW = 16
# Samples of the first batch. Builds of a batch run at the same time, and those after a rejected one are in vain.
FIRST_BATCH = 4
# Rejections that are learned from. The space of code that rejects at random would never be complete.
MAX_LESSONS = 60
# Fields of a scope. Each costs log2(fields) builds, and pairs of them are tried as constraints.
MAX_SCOPE = 4
# Samples that must be accepted under a candidate constraint, beside the rejected one.
TRIALS_PER_CONSTRAINT = 5
# Strides that are tried for a field which the model code rejects alone, at these numbers of steps above its base value.
COARSE_STRIDES = (2, 4, 8)
COARSE_TRIAL_STEPS = (1, 2, 3, 5, 11)
# Samples in which another value of a fixed field is tried. More samples cost builds; fewer fix fields that are valid
# beside rare values of others.
UNFREEZE_SAMPLES = 12

# --- sampling: how many configurations of each kind ---

# Each sample costs a build, and each strategy sees what the others miss. More samples of a strategy show rarer
# conditions; fewer make a derivation quicker.

# Samples whose fields are at their minima and defaults. They show special cases at 0 or 1.
EDGE_SAMPLES = 8
# Small samples, and as many near the default.
SMALL_SAMPLES = 8
# Samples from one pool of small numbers, in which any two sizes are often equal.
POOL_SAMPLES = 24
# Samples as deep as the default, at most this many layers less. They are the slowest builds.
DEFAULT_DEPTH_SAMPLES = 2
MAX_DEPTH_BELOW_DEFAULT = 2
# Code that rejects more samples in a row has a constraint that the domain lacks.
MAX_REJECTIONS_IN_A_ROW = 30
# Observations from inferring the domain that synthesis uses again. They cost nothing, but are all near the base.
MAX_EARLIER_OBSERVATIONS = 16

# Samples that are made to refute formulas, and samples at which conditions hold.
MAX_ADVERSARIAL_SAMPLES = 600
MAX_CONDITION_SAMPLES = 160
# A strategy with many samples builds at most this many tensors, divided by those of one build. The user's own code has
# fewer tensors than a library's, and nobody else has tested it, so it is worth more builds.
MAX_LIBRARY_TENSORS_BUILT = 5_000
MAX_OWN_TENSORS_BUILT = 24_000

# Levels of the orthogonal arrays, which must be primes: 7^2 samples hold all pairs of levels, 5^3 all triples.
PAIRWISE_LEVELS = 7
THREEWISE_LEVELS = 5
# A full factorial design takes this many values of each size: 0, 1 and 2, or 1, 2 and 3.
EXHAUSTIVE_VALUES = 3
# Steps of the one size that is far from the others. A least width such as 64 or 1024 shows only beyond it.
OUTLIER_STEPS = (25, 64, 131, 1024)
# An outlier of a depth has this many layers at most, because every layer is built.
MAX_OUTLIER_DEPTH = 64

# Patterns of equal sizes in one round. With 16 of them all pairs of six sizes are told apart.
EQUALITY_PATTERNS = 24
# Making one group equal may change fields that another group depends on. A second pass repairs that.
EQUALITY_PASSES = 2
# Sizes are made equal up to this number. A common multiple of large strides would be far from all other samples.
MAX_EQUAL_SIZE = 20_000

# Random observations among which backgrounds for changes of one field are chosen, and the number that are.
BACKGROUND_CANDIDATES = 6
BACKGROUNDS = 2
# A background has at least two layers in each stack, because the first and the last may differ.
MIN_BACKGROUND_DEPTH = 2
# At the defaults, each deep stack is built with one layer less, if there are at most this many. The builds are slow.
MAX_DEFAULT_DEPTH_CHANGES = 4

# Samples beside boundaries in one round.
MAX_BOUNDARY_SAMPLES = 64
# Samples beside all boundaries of a compound condition. Each picks one side of every relation at random.
JOINT_SAMPLES_PER_CONDITION = 4
# Starts of sweeps to a boundary, of each kind, and sweeps that are used, so that each boundary has its turn.
BOUNDARY_STARTS = 3
MAX_SWEEPS_PER_BOUNDARY = 2
# A floor is followed this far to its next increase: twice the largest divisor that synthesis tries, and a little more.
MAX_FLOOR_PERIOD = 130
# Samples at which a floor's argument is an integer, or just below one, and how far they are looked for. A float may be
# wrong there.
SAMPLES_PER_FLOOR_REMAINDER = 6
MAX_FLOOR_REMAINDER_SEARCH = 640
# Ends of a sweep. Code may compare a width with a number far beyond the sampled ones. A deeper stack builds too slowly.
MAX_BOUNDARY_STEPS = 131_072
MAX_BOUNDARY_DEPTH = 40
# Samples at which a condition holds, and samples that are tried for it.
SAMPLES_PER_CONDITION = 16
MAX_CONDITION_ATTEMPTS = 240

# Tensors without a formula for which more samples are made, and the samples for each.
MAX_FAILURES_TO_SAMPLE = 6
SAMPLES_PER_FAILURE = 24
# A tensor in this many observations is not rare: more samples like them would hardly help.
RARE_OBSERVATIONS = 60
# Small examples of a failed tensor whose fields are changed one at a time.
MINORITY_EXAMPLES = 2

# More stacks are not sampled deeper at the same time, because the depths multiply the tensors of a build.
MAX_STACKS_TO_EXTEND = 2
# A comparison of a depth with a number up to this is common (a first layer, a last layer) and needs no deeper stack.
MAX_TRIVIAL_DEPTH = 2

# --- synthesis: how large the formulas are that are tried ---

# Names.
MAX_SPARSE_LITERAL = 12
"""A number in names that skips values is a literal if all its values are below this.

Funnel's empty stages skip numbers. Stacks of layers may be deeper, and their gaps have rules: they are indices.
"""

# Numbers.
MIN_FIT_ROWS = 3
"""A formula needs this many rows: a line through two points confirms nothing."""
MAX_CONSTANT_IN_ONE_BUILD = 8
"""A number that one or two builds show is taken for a constant up to this.

A kernel or a pair may be a constant of the model code; a width hardly is.
"""
MAX_AFFECTING_SIZES = 5
"""Products of more sizes are not tried: their number doubles with each size, and so do the rows that they need."""
MAX_PRODUCT_SIZES = 3
"""Monomials, and products with a quotient, of more sizes are not tried: they would need too many rows."""
MAX_PAIRED_SIZES = 12
"""Varying sizes above which quotients of pairs are not tried, if nobody knows which sizes affect a column.

Pairs grow with the square, each with a dozen quotients. Without a limit a chance fit becomes likely.
"""
MAX_ROUNDING_DIVISOR = 64
"""The largest divisor in a rounded line: 64 is the multiple to which vocabularies are commonly padded."""
DIVISOR_POWERS = (2, 3, 4)
"""Powers of a size that a dimension is divided by, as a sequence is by its stride in each of several layers."""
BANKERS_DIVISORS = (2, 4, 8, 16)
"""Powers of two that `round(size/divisor)` is tried with. An odd divisor has no halves: a rounded line fits then."""
MAX_BRANCH_SIZES = 3
"""A formula with a branch is tried in at most this many sizes: each pair is a comparison, each side a search."""
MIN_BRANCH_ROWS = 8
"""A formula with a branch needs this many rows, and half of them on each side: two formulas fit more by chance."""

# Conditions.
COMPARED_NUMBERS = (0, 1, 2, 3, 4)
"""Numbers that each size is compared with. Larger ones are compared if the size has few values."""
REMAINDER_DIVISORS = (2, 3, 4, 5, 6, 7, 8, 16, 32, 64)
"""Numbers whose multiples a condition may ask for: small periods, and the widths of hardware."""
MAX_THRESHOLD_VALUES = 24
"""A size with more values is compared with `COMPARED_NUMBERS` only.

Each value makes four predicates, and the search for a pair grows with their square.
"""
MAX_CONJUNCTION = 4
"""A condition joins at most this many predicates: longer ones fit a few dozen rows by chance."""
MIN_EQUAL_SAMPLES = 3
"""`N == 6` needs this many independent samples with that value: in fewer, 6 may stand beside the real reason."""

# Partitions.
INDEX_PERIODS = (2, 3, 4, 5, 6, 7, 8)
"""Periods of layers that are tried when layers of one build differ."""
MAX_LEADING_LAYERS = 3
"""Leading layers that may differ from the periodic ones when layers of one build differ."""
MAX_SEPARATE_INDICES = 8
"""An index gets a part for every value only if all its values are below this: each part needs its own formulas."""
MAX_PAIRED_LABELINGS = 12
"""Labelings of each of two indices that are combined: the first dozen are the simple ones."""
MAX_INDEX_PARTITIONS = 6
"""Partitions by index that are tried for one template: each costs a synthesis of all its parts."""
MAX_RULE_LEADING_LAYERS = 3
"""Leading layers that a layer rule may set apart, as the dense layers of a mixture of experts."""
MAX_RULE_PERIOD = 8
"""The longest period of a layer rule. A longer one shows only in stacks deeper than are sampled."""
MAX_LAYER_RULES = 4
"""Layer rules that are tried for one index: each costs a synthesis of all its parts."""
MAX_RANGE_PARTITIONS = 2
"""Partitions into first layers, last layers and those between: a few rows may allow more of them."""
MAX_RANGE_SIZES = 7
"""First and last layers are counted by sizes if at most this many affect a tensor: 7 ends and 42 beginnings."""
MAX_RANGE_LANDMARKS = 4
"""Indices that the model code compared at which first or last layers may end, each with the next one."""
MAX_SPLIT_VALUES = 6
"""Builds are split by the values of a size only if it has at most this many: each part needs enough rows."""
MAX_JOINT_SWITCHES = 3
"""Builds are split by all affecting switches together only if there are at most this many: parts double with each."""
MAX_CONDITION_SPLITS = 40
"""Splits by a condition in one synthesis, over all templates: each costs two formulas for every part of a tensor.

Code without formulas would otherwise try hundreds of splits for each of its tensors.
"""

# Loops.
MAX_COMPARED_LOOPS = 1000
"""Loops that are compared with the indices of one tensor, to find those that are right in most builds."""
MAX_SPLIT_LOOPS = 4
"""Loops that are right in most builds and by which one tensor's builds are split: each costs two syntheses."""
MIN_REROLLED_TENSORS = 4
"""Tensors with literal numbers become a loop from this many on: two or three may be alike by chance."""

# Definitions.
DEFINITION_SAMPLES = 14
"""Configurations to which the formula of an omitted field is fitted. More cost calls of the configuration class."""
DEFINITION_CHECKS = 6
"""Further configurations that must confirm the formula of an omitted field."""
MAX_DEFINITION_BATCHES = 10
"""Further batches of configurations for a field whose omission the code rejects in most, as Mixtral's odd H/heads."""
MIN_OMITTED_SAMPLES = 5
"""A field needs this many configurations without it that the code accepts.

A field with one value in the first five is taken for a constant and omitted no more.
"""
MIN_DEFINITION_VALUES = 3
"""A definition is fitted only to a size of at least this many values: two values may be a branch."""

# Evidence, which only `--why` computes.
MAX_EVIDENCE_ROWS = 48
"""Observations that the evidence of one part keeps: enough to see a rule, few enough to read."""
MAX_EVIDENCE_SIZES = 8
"""Sizes that an observation of the evidence shows: a wider table is not read."""
MAX_EVIDENCE_INDICES = 24
"""Indices of one build that the evidence keeps."""
MAX_RUNNERS_UP = 5
"""Refuted formulas or conditions that the evidence of one part keeps."""
MAX_EVIDENCE_SUBSETS = 60
"""Subsets of rows to which refuted formulas are fitted: more find rarer formulas and take longer."""
MAX_EVIDENCE_LOOPS = 200
"""Candidate loops that are scored for the evidence of one index."""
MAX_PAIRED_PREDICATES = 40
"""Predicates that are joined in pairs to find the best refuted conditions."""

# --- verification: how often a candidate is tried ---

# A recheck gives up after this many rejections in a row: half of them of one strategy, half uniform.
MAX_RECHECK_REJECTIONS_IN_A_ROW = 40
# A recheck samples depths up to this at their default, at most this many layers less.
MAX_RECHECK_DEPTH = 100
MAX_RECHECK_DEPTH_BELOW_DEFAULT = 3
# Patterns of equal sizes to choose from: that of the defaults comes first, so it must be a likely choice.
RECHECK_EQUALITY_PATTERNS = 4

# --- pipeline: rounds, seeds, fallbacks ---

# Random observations of the first synthesis; those that the domain stage left count towards them. Fewer leave rare
# layers unseen, more cost a build each.
MIN_SAMPLES = 16
# Random observations drawn even if the domain stage left many: its builds lie close to the defaults.
MIN_NEW_SAMPLES = 4
# Boundary observations before the first candidate exists. The later ones, which the candidate asks for, have no bound.
MAX_FIRST_BOUNDARY_SAMPLES = 32
# Fresh observations at which the count that a user gets is compared as well: it costs a sympy evaluation each.
MAX_COUNTED_OBSERVATIONS = 3
# Builds that are repeated at the end to show that the target is deterministic: each costs a build.
REPEATED_BUILDS = 3
# Rounds of synthesis and check. Each costs a set of fresh builds; code that still refutes its formulas then is of a
# kind that the synthesizer does not know.
MAX_ROUNDS = 12
# Counterexamples of a round that become samples: more slow the synthesis down and say the same.
MAX_COUNTEREXAMPLES = 24
# Random observations that test a candidate: fewer make the bound on the error worthless.
MIN_TRIALS = 12
# Groups of fields that a fallback may fix. Each group that is tried alone costs a search of its own.
MAX_FALLBACK_GROUPS = 5
# A field above this is a width, and no fallback fixes it: a formula without widths says nothing.
MAX_FALLBACK_FACTOR = 64

# --- head extension: a head over a derived base ---

# Samples of the base's space from which the one that shows most kinds of the head's tensors is screened.
RICH_BASE_SAMPLES = 3
# Builds that sort the templates of the base; a later build that contradicts the sorting costs a search.
SORTING_SAMPLES = 3
# Searches for the tensors of a head; each moves one template of the base among them.
MAX_HEAD_SEARCHES = 12
# One in so many of the samples is made that a base has beside its uniform ones: a head has few tensors of its own.
HEAD_SHARE = 8
# Builds of a head at the boundaries of its base, whose own trials had them all.
MAX_INHERITED_BOUNDARY_SAMPLES = 12

# A trace shows a stage; it is no record of every build. A few counterexamples show what is wrong with a candidate.
MAX_TRACED_COUNTEREXAMPLES = 5
# Failures of a synthesis whose evidence a trace holds; each costs a synthesis of its own.
MAX_EXPLAINED_FAILURES = 3
# Values of a part without a formula.
MAX_TRACED_VALUES = 20
# Rejected builds that no constraint explains; each has an error of its own.
MAX_TRACED_REJECTIONS = 10
# Bounds of a trace file, so that a long derivation of a large model fills no disk.
MAX_TRACE_LINES = 20_000
MAX_TRACE_BYTES = 32 * 2**20
MAX_TRACE_LINE_BYTES = 2**20
# Entries of a list in a line; the models of transformers have at most a few hundred templates.
MAX_TRACED_ENTRIES = 1_000
# Characters of a text in a line: the model code chooses names and errors, which may be of any length.
MAX_TRACED_CHARACTERS = 500
