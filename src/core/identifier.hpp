#pragma once
// The one rule of what things are called: labels, workflows, statuses, teams, tags, projects, sprints, people, keys and
// addresses. A name is kept without spaces at its ends and in NFC; it holds no control character, no line break and
// nothing that nobody sees, such as zero-width spaces, fillers and marks of direction. Joiners and variation selectors
// stay where a script or an emoji needs them (core/characters.hpp).
//
// Two names are the same where their folded forms are: NFKC and full case folding without whatever fonts draw nothing
// for (Unicode's NFKC_Casefold), every run of spaces as one. NFKC and not NFC, for a no-break space, a full-width
// letter or a ligature is no difference that a reader would look for. Letters of different scripts stay different, also
// where they look alike.
//
// Older versions took more. What they stored is read as it is, and held against the former rule where it comes in
// again. Pure functions, any thread.
#include "core/text.hpp"

namespace alloy {

// Where a name is looked up by its folded form, and where one is stored under it.
std::string fold_name(std::string_view name);
bool same_name(std::string_view one, std::string_view other);

std::string normal_name(std::string_view text);
std::optional<text_fault> check_name(std::string_view text, std::size_t min, std::size_t max);

template <std::size_t Min, std::size_t Max> struct identifier {
  static constexpr std::size_t min = Min, max = Max;
  static constexpr bool lines = false, is_name = true;
  std::string value;
  static std::optional<text_fault> check(std::string_view t) { return check_name(t, Min, Max); }
  static std::string normal(std::string_view t) { return normal_name(t); }
  auto operator<=>(identifier const&) const = default;
};

// Of two e-mail addresses that are one account's: lower case of NFKC without what is not seen. Not full case folding:
// straße@ and strasse@ are two people. A domain is the same as letters and as xn--.
std::string fold_address(std::string_view address);

// What versions before this rule took as text and as an address.
std::optional<text_fault> check_former_text(std::string_view text, std::size_t min, std::size_t max, bool lines);
bool was_address(std::string_view text) noexcept;

// An address as somebody types it who has an account: also one that could not be registered any more.
struct known_address_rule {
  static constexpr std::string_view format = email_rule::format, words = email_rule::words,
                                    example = email_rule::example;
  static constexpr std::size_t min = email_rule::min, max = email_rule::max;
  static bool ok(std::string_view t) noexcept;
  static std::string normal(std::string_view t); // without spaces around it; A-Z in lower case
};
using known_address = formed<known_address_rule>;

// "Done", with whatever a reader could take for something else as \u{200b}: for a line on a terminal.
std::string quoted_name(std::string_view name);

} // namespace alloy
