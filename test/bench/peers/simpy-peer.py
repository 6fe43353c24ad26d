"""The same work in SimPy, for `npm run bench:peers`; arguments and output as in simgrid.cpp.

SimPy has no network model: a transfer has the store's link for bytes / bandwidth, one after
another, so its makespans are its own; the number of steps is what compares.

    simpy-peer.py hold PENDING ROUNDS | graph FILE REPEATS
"""

import json
import random
import resource
import sys

import simpy

MEAN_DELAY_S = 1.0
STORE = 0


def cpu_seconds():
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def hold(pending, rounds):
    draw = random.Random(1)
    delays = [draw.expovariate(1 / MEAN_DELAY_S) for _ in range(65536)]
    env = simpy.Environment()
    fired = 0

    def again(_):
        nonlocal fired
        fired += 1
        if fired <= rounds:
            env.timeout(delays[fired & 65535]).callbacks.append(again)

    for index in range(pending):
        env.timeout(delays[index & 65535]).callbacks.append(again)
    start = cpu_seconds()
    while fired < rounds:
        env.step()
    return {"work": fired, "cpu_s": cpu_seconds() - start}


class Task:
    def __init__(self, host, compute_s, size, before):
        self.host = host
        self.compute_s = compute_s
        self.size = size
        self.before = before


def read_graph(path):
    with open(path) as file:
        _, hosts, cores, bandwidth, _ = file.readline().split()
        tasks = []
        for line in file:
            host, compute_s, size, _, *before = line.split()
            tasks.append(Task(int(host), float(compute_s), float(size), [int(b) for b in before]))
    return int(hosts), int(cores), float(bandwidth), tasks


def run_graph(hosts, cores, bandwidth, tasks):
    env = simpy.Environment()
    cpus = [simpy.Resource(env, cores) for _ in range(hosts)]
    up = simpy.Resource(env)
    down = simpy.Resource(env)
    ended = [env.event() for _ in tasks]

    def transfer(link, size):
        with link.request() as turn:
            yield turn
            yield env.timeout(size / bandwidth)

    def run(task, done):
        if task.before:
            yield env.all_of([ended[b] for b in task.before])
            reads = [env.process(transfer(down, tasks[b].size)) for b in task.before]
            yield env.all_of(reads)
        with cpus[task.host].request() as core:
            yield core
            yield env.timeout(task.compute_s)
        yield env.process(transfer(up, task.size))
        done.succeed()

    for task, done in zip(tasks, ended):
        env.process(run(task, done))
    env.run()
    return env.now


def graph(path, repeats):
    parts = read_graph(path)
    begin = cpu_seconds()
    best = float("inf")
    for _ in range(repeats):
        start = cpu_seconds()
        makespan = run_graph(*parts)
        best = min(best, cpu_seconds() - start)
    work = len(parts[3]) * repeats
    return {"work": work, "cpu_s": cpu_seconds() - begin, "best_s": best, "makespan_s": makespan}


def main(args):
    if args[:1] == ["hold"]:
        return hold(int(args[1]), int(args[2]))
    if args[:1] == ["graph"]:
        return graph(args[1], int(args[2]))
    raise SystemExit("usage: hold PENDING ROUNDS | graph FILE REPEATS")


result = main(sys.argv[1:])
print(json.dumps({**result, "process_s": cpu_seconds()}))
