#pragma once
// Personal text (email, display name) is sealed with a key per person before it becomes part of an event. The keys live
// in the local family, beside the log: destroying one makes every copy of the text unreadable for good, in the log, in
// backups of it and in every read model. So does the only way from an email to a user. Any thread; rows are the
// caller's.
#include "core/id.hpp"
#include "core/view.hpp"

#include <optional>
#include <string>

namespace alloy::auth {

class pii_store {
 public:
  explicit pii_store(std::string sealing_key) : sealing_key_(std::move(sealing_key)) {}

  // Makes the person's key on first use.
  std::string seal(view& local, uuid const& person, std::string_view text) const;
  // Nothing where the key has been destroyed.
  std::optional<std::string> open(reader const& local, uuid const& person, std::string_view sealed) const;

  // Whether there is text of theirs that opens: not of whom was erased.
  bool knows(reader const& local, uuid const& person) const;

  // Whose address it is: of those who have one that is the same (core/identifier.hpp) whoever has it in these very
  // bytes, else the oldest.
  std::optional<uuid> find_by_email(reader const& local, std::string_view email) const;
  void forget(view& local, uuid const& person) const; // for good
  void forget_email(view& local, std::string_view email, uuid const& user) const;
  void remember_email(view& local, std::string_view email, uuid const& user) const;

  // The index of addresses as this version makes it. Made anew where another rule made it; see auth/address_index.hpp.
  static bool addresses_are_indexed(reader const& local);
  void drop_addresses(view& local) const;
  static void note_addresses_indexed(view& local);

 private:
  std::optional<std::string> key_of(reader const& local, uuid const& person) const;
  std::string written_key(std::string_view email) const;
  std::string folded_key(std::string_view email) const;

  std::string sealing_key_;
};

inline constexpr std::string_view former_user = "former user";

} // namespace alloy::auth
