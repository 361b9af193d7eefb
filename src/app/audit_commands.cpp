#include "app/audit_commands.hpp"

#include "core/byte_order_mark.hpp"
#include "core/steering.hpp"
#include "events/export_file.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

namespace alloy {
namespace {

int refuse(std::string const& file, std::string const& why) {
  std::fprintf(stderr, "alloy audit verify: %s: NOT VERIFIED: %s\n", file.c_str(), without_steering(why).c_str());
  return 1;
}

} // namespace

int verify_export(std::string const& file, std::string const& key) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return refuse(file, "it cannot be read");
  }
  std::istream& in = file == "-" ? std::cin : opened;
  events::export_check check;
  std::uint64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    if (++number == 1) line.erase(0, line.size() - without_byte_order_mark(line).size());
    if (auto fine = check.add(line); !fine)
      return refuse(file, "line " + std::to_string(number) + ": " + fine.error().detail);
  }
  if (in.bad()) return refuse(file, "it cannot be read to its end");
  if (auto fine = check.finish(key); !fine) return refuse(file, fine.error().detail);
  auto const& h = check.header();
  std::printf(
      "verified: %llu records of organization %s\nroot     %s\nsigned   %s\n",
      static_cast<unsigned long long>(check.records()), to_string(h.org_id).c_str(), without_steering(h.root).c_str(),
      key.empty() ? "with the key that the file names itself; say --key to be sure whose it is" : "with your key");
  return 0;
}

} // namespace alloy
