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

# --- sampling: how many configurations of each kind ---

# --- synthesis: how large the formulas are that are tried ---

# --- verification: how often a candidate is tried ---

# --- pipeline: rounds, seeds, fallbacks ---
