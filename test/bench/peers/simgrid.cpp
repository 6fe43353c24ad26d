// The same work in SimGrid (network model CM02, no cross-traffic), for `npm run bench:peers`.
//
//   simgrid hold PENDING ROUNDS          timers: each that fires sets another
//   simgrid flows store|pairs AT_ONCE ROUNDS   7 workers and a store, or any two of 8 hosts
//   simgrid graph FILE REPEATS           a task graph as graph-file.ts writes it
//
// Prints one JSON object: work done, CPU seconds it took, and the makespan of a graph.

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace sg4 = simgrid::s4u;

namespace {

constexpr double MEAN_DELAY_S = 1.0;
constexpr double MEAN_BYTES   = 1e6;
constexpr double LINK         = 50e6;
constexpr int DRAWS           = 65536;

double cpu_seconds()
{
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_utime.tv_sec + use.ru_stime.tv_sec + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

double uniform()
{
  static uint64_t state = 88172645463325252ULL;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 11) * (1.0 / 9007199254740992.0);
}

double exponential(double mean)
{
  return -mean * std::log(1 - uniform());
}

void report(double work, double cpu_s, double makespan_s)
{
  std::printf("{\"work\": %.0f, \"cpu_s\": %.6f, \"makespan_s\": %.9f, \"process_s\": %.6f}\n", work, cpu_s, makespan_s,
              cpu_seconds());
}

/** A star: each host has a link up and a link down, without latency. */
sg4::NetZone* star(sg4::Engine& engine, int hosts, double bandwidth, int cores)
{
  auto* zone = sg4::create_star_zone("cluster");
  for (int index = 0; index < hosts; index++) {
    const std::string name = "host-" + std::to_string(index);
    auto* host             = zone->create_host(name, 1.0)->set_core_count(cores);
    auto* link             = zone->create_split_duplex_link(name, bandwidth)->set_latency(0);
    zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr,
                    {{link, sg4::LinkInRoute::Direction::UP}}, true);
  }
  zone->seal();
  return zone;
}

void hold(sg4::Engine& engine, int pending, long rounds)
{
  star(engine, 1, LINK, 1);
  static std::vector<double> delays(DRAWS);
  for (double& delay : delays)
    delay = exponential(MEAN_DELAY_S);
  static long fired = 0;
  static long last  = rounds;
  static double start = 0;
  struct Fire {
    void operator()() const
    {
      if (++fired > last)
        return;
      simgrid::kernel::timer::Timer::set(sg4::Engine::get_clock() + delays[fired & (DRAWS - 1)], Fire());
    }
  };
  sg4::Actor::create("sets the timers", engine.host_by_name("host-0"), [pending] {
    for (int index = 0; index < pending; index++)
      simgrid::kernel::timer::Timer::set(sg4::Engine::get_clock() + delays[index & (DRAWS - 1)], Fire());
    start = cpu_seconds();
    sg4::this_actor::sleep_for(1e9);
  });
  // Without an actor that lives, timers are not looked at; it is ended by the clock of the last one.
  engine.run_until(MEAN_DELAY_S * rounds / pending);
  report(fired, cpu_seconds() - start, sg4::Engine::get_clock());
}

void flows(sg4::Engine& engine, bool pairs, int at_once, long rounds)
{
  star(engine, 8, LINK, 1);
  static long done    = 0;
  static double start = 0;
  for (int index = 0; index < at_once; index++)
    sg4::Actor::create("client", engine.host_by_name("host-0"), [&engine, pairs, rounds] {
      while (done < rounds) {
        int from = 0;
        int to   = 1 + static_cast<int>(uniform() * 7);
        if (pairs) {
          from = static_cast<int>(uniform() * 8);
          to   = (from + 1 + static_cast<int>(uniform() * 7)) % 8;
        }
        auto* source = engine.host_by_name("host-" + std::to_string(from));
        auto* target = engine.host_by_name("host-" + std::to_string(to));
        sg4::Comm::sendto(source, target, 1 + exponential(MEAN_BYTES));
        done++;
      }
    });
  start = cpu_seconds();
  engine.run();
  report(done, cpu_seconds() - start, sg4::Engine::get_clock());
}

struct Task {
  int host;
  double compute_s;
  double bytes;
  std::vector<int> before;
};

/** One activity a computation and a transfer; through the store (host 0), or straight. */
void run_graph(sg4::Engine& engine, const std::vector<Task>& tasks, bool store)
{
  std::vector<sg4::CommPtr> writes(tasks.size());
  std::vector<sg4::ExecPtr> runs(tasks.size());
  std::vector<sg4::ActivityPtr> all;
  const auto host = [&engine](int index) { return engine.host_by_name("host-" + std::to_string(index)); };
  for (size_t id = 0; id < tasks.size(); id++) {
    const Task& task = tasks[id];
    runs[id] = sg4::Exec::init()->set_flops_amount(task.compute_s)->set_host(host(task.host));
    all.push_back(runs[id]);
    sg4::ExecPtr joined;
    if (not task.before.empty()) {
      // Reads begin together, when everything before is there.
      joined = sg4::Exec::init()->set_flops_amount(0)->set_host(host(task.host));
      joined->add_successor(runs[id]);
      all.push_back(joined);
    }
    for (int before : task.before) {
      if (store)
        writes[before]->add_successor(joined);
      else
        runs[before]->add_successor(joined);
      if (not store && tasks[before].host == task.host)
        continue;
      auto read = sg4::Comm::sendto_init(host(store ? 0 : tasks[before].host), host(task.host));
      read->set_payload_size(tasks[before].bytes);
      joined->add_successor(read);
      read->add_successor(runs[id]);
      all.push_back(read);
    }
    if (store) {
      auto write = sg4::Comm::sendto_init(host(task.host), host(0));
      write->set_payload_size(task.bytes);
      runs[id]->add_successor(write);
      writes[id] = write;
      all.push_back(write);
    }
  }
  for (auto& activity : all)
    activity->vetoable_start();
  engine.run();
}

void graph(sg4::Engine& engine, const std::string& path, int repeats)
{
  std::ifstream file(path);
  std::string way;
  int hosts;
  int cores;
  double bandwidth;
  size_t count;
  file >> way >> hosts >> cores >> bandwidth >> count;
  std::vector<Task> tasks(count);
  for (Task& task : tasks) {
    size_t before;
    file >> task.host >> task.compute_s >> task.bytes >> before;
    task.before.resize(before);
    for (int& id : task.before)
      file >> id;
  }
  star(engine, hosts, bandwidth, cores);
  double best     = INFINITY;
  double makespan = 0;
  const double begin = cpu_seconds();
  for (int repeat = 0; repeat < repeats; repeat++) {
    const double start = cpu_seconds();
    const double clock = sg4::Engine::get_clock();
    run_graph(engine, tasks, way == "store");
    makespan = sg4::Engine::get_clock() - clock;
    best     = std::min(best, cpu_seconds() - start);
  }
  std::printf("{\"work\": %zu, \"cpu_s\": %.6f, \"best_s\": %.6f, \"makespan_s\": %.9f, \"process_s\": %.6f}\n",
              count * repeats, cpu_seconds() - begin, best, makespan, cpu_seconds());
}

} // namespace

int main(int argc, char** argv)
{
  sg4::Engine engine(&argc, argv);
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "hold" && argc == 4)
    hold(engine, std::stoi(argv[2]), std::stol(argv[3]));
  else if (what == "flows" && argc == 5)
    flows(engine, std::strcmp(argv[2], "pairs") == 0, std::stoi(argv[3]), std::stol(argv[4]));
  else if (what == "graph" && argc == 4)
    graph(engine, argv[2], std::stoi(argv[3]));
  else {
    std::fprintf(stderr, "usage: hold PENDING ROUNDS | flows store|pairs AT_ONCE ROUNDS | graph FILE REPEATS\n");
    return 2;
  }
  return 0;
}
