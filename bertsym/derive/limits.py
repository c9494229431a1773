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
# A longer list of a configuration is data, such as token numbers, and every entry of a list is a field to screen.
MAX_LIST_LENGTH = 64

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
# Values that break a constraint: primes that divide no usual width. More of them cost a build for each constraint.
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

# --- synthesis: how large the formulas are that are tried ---

# --- verification: how often a candidate is tried ---

# --- pipeline: rounds, seeds, fallbacks ---
