#pragma once
// The order in which commands that wait have their turns: start-time fair queueing (Goyal, Vin, Cheng 1996), which is
// round robin with costs. Each command costs as many units as it changes things. It may start once all that its
// organization and its user have asked for before has been paid at one unit a round; who asks for little goes before
// what others still wait for, and what one organization or one user asks for keeps its order. A user in twenty
// organizations has one share, and so has an organization of twenty users: no name that a client can choose makes
// another share. Not thread-safe: its owner locks.
#include "commands/command.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace alloy::commands {

// Who pays, as the server knows it, never as a request says it; nil: nobody. The user, or the address where there is
// none, and an organization that they are in. Where the organization is not known yet, it is taken to be that in which
// the user's last such command was carried out, or the only one that they are in.
struct payer {
  uuid user = {}, org = {};
  std::size_t cost = 1;        // at least; what it turns out to be is charged afterwards
  std::vector<uuid> orgs = {}; // that the user is in, where the request does not say which one it is about
  bool is_org_guessed = false; // by turns
};

struct turn {
  command what;
  payer by;
  std::uint64_t start = 0, number = 0; // taken is what would end first, at start + cost; of equal ones who came first
  // Once it has had its turn: what it has cost, and the organization whose log it wrote.
  std::size_t spent = 0;
  uuid wrote = {};
};
using turn_ptr = std::unique_ptr<turn>;

class turns {
 public:
  struct limits {
    std::size_t waiting_max = 10000, waiting_per_payer_max = 2000; // commands
    std::size_t group_max = 256, group_cost_max = 1024;            // of one take()
  };
  enum class admission : std::uint8_t { taken, all_full, payer_full };

  explicit turns(limits l) : limits_(l) {}

  // The command is moved from only where it is taken. A payer's own bound comes first: who floods is told so, though
  // the flood has filled the queue.
  admission put(command& c, payer by);
  // Those that have their turn next: at most so many, and at most at the cost of a group. One that takes more than a
  // quarter of that has a group of its own, so that nobody's small one waits for another's large one twice.
  void take(std::vector<turn_ptr>& group);
  // It was taken and had no turn after all: it is the first of its payers again. Moved from only where that is done.
  void put_back(turn_ptr&& t);
  // It has had its turn. The round goes on here, and not where it was taken: what comes meanwhile goes before all that
  // is put back.
  void charge(turn const& had);
  // What it has cost indeed, and whose organization it was about: that one pays, and not one that was guessed.
  // Nil: nobody's.
  void charge(payer const& by, std::size_t cost, uuid const& org);
  // A group is done and charged. Where nobody waits, nobody owes anybody anything.
  void settle();

  std::size_t size() const noexcept { return heap_.size(); }
  bool empty() const noexcept { return heap_.empty(); }
  std::size_t payers() const noexcept { return users_.size() + orgs_.size(); }
  std::size_t group_cost_max() const noexcept { return limits_.group_cost_max; }

 private:
  struct account {
    std::uint64_t paid_until = 0;
    std::size_t waiting = 0;
    uuid last_org = {};
  };
  using accounts = std::unordered_map<uuid, account>;
  static account* find(accounts& in, uuid const& id);
  template <class F> void each_account(payer const& by, F f);
  bool is_large(std::size_t cost) const noexcept { return cost > 1 && cost > limits_.group_cost_max / 4; }
  static constexpr std::size_t accounts_least = 1024;
  void make_room();
  void push(turn_ptr t);

  limits limits_;
  std::vector<turn_ptr> heap_; // the next one first
  // Of those that wait, or have had more than their share since somebody began to wait.
  accounts users_, orgs_;
  std::size_t swept_at_ = accounts_least;
  std::uint64_t round_ = 0, last_number_ = 0;
};

} // namespace alloy::commands
