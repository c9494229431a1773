"""The oracle: it runs model code in other processes, and answers with an inventory or a rejection.

Bird's eye view
---------------

    process       module        task
    bertsym       client        `BuildOracle`: one build per configuration, cached; `Worker`: the process handle
    supervisor    supervisor    hands requests to the workers, ends whatever the model code started
    worker        worker        `Session`: opens a target, builds it, answers; the model code runs here
    fork          worker        a copy of the worker, if requests are parallel and there are two processors
    child         concolic.run  one build with symbols; it ends with its process

`client` writes a request to the supervisor's standard input, as a line of JSON. `supervisor` sends it over a `channel`
to a worker. The answer goes back the same way. `worker` lists the requests and answers.

The model code may be hostile by accident: it prints, closes descriptors, forks, hangs and exits. Three rules follow.

- The supervisor never runs model code, so that it can always end it (`process_tree`).
- The worker has no connection while model code runs (`channel`), and a limit on time (`time_limit`) and memory.
- The client trusts no answer. It reads within bounds, and refuses what is no inventory.

The other modules run in the worker. `targets` finds the model code by its name. `config_codec` turns a configuration of
transformers into numbers and back. `module_inventory` lists the parameters of a module. `server` starts the processes.

Open first: `client` (what the other stages call), `worker` (what is answered), `supervisor` (what lies between).
"""
