"""Where jobs run. Every executor has the interface of `benchmark.executors.executor.Executor`."""
