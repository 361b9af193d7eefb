#pragma once
// The inverted half of a sealed block: its words in order, each with its occurrences, some 2 KiB of them a page.
//   page        := entry*
//   entry       := bytes shared with the word before | bytes that follow | these | documents | size | occurrences
//   occurrences := of another document: (its distance << 1), position; of the same one: (distance of positions << 1 |
//   1)
// Numbers are varints: 7 bits a byte, the low ones first. Damage throws std::runtime_error. One thread per object.
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace alloy::projections {

inline constexpr std::size_t page_bytes = 2048; // a page ends with the entry that makes it this long

void append_varint(std::string& out, std::uint64_t n);

inline std::uint64_t take_varint(std::string_view& from) {
  std::uint64_t n = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    auto const byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    n |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return n;
  }
  throw std::runtime_error("a number in a page of the search index is cut short");
}

// Of one word, in the order of documents and positions.
class occurrences {
 public:
  void add(std::uint32_t document, std::uint32_t position);
  std::string const& bytes() const noexcept { return bytes_; }
  std::uint32_t documents() const noexcept { return documents_; }

 private:
  std::string bytes_;
  std::uint32_t documents_ = 0, document_ = 0, position_ = 0; // the last ones
};

// f(document, position)
template <class F> void for_each_occurrence(std::string_view bytes, F f) {
  std::uint64_t document = 0, position = 0;
  while (!bytes.empty()) {
    auto const n = take_varint(bytes);
    if (n & 1) {
      position += n >> 1;
    } else {
      document += n >> 1;
      position = take_varint(bytes);
    }
    f(static_cast<std::uint32_t>(document), static_cast<std::uint32_t>(position));
  }
}

class page_writer {
 public:
  using sink = std::function<void(std::string_view last_word, std::string_view page)>;
  explicit page_writer(sink to) : to_(std::move(to)) {}
  void add(std::string_view word, occurrences const& of); // words in ascending order
  void finish();

 private:
  sink to_;
  std::string page_, last_;
};

class page_reader {
 public:
  explicit page_reader(std::string_view page) : left_(page) {}
  bool next(); // to the next entry, or the first one
  std::string const& word() const noexcept { return word_; }
  std::uint32_t documents() const noexcept { return documents_; }
  std::string_view occurrences() const noexcept { return occurrences_; }

 private:
  std::string_view take(std::uint64_t size);

  std::string_view left_, occurrences_;
  std::string word_;
  std::uint32_t documents_ = 0;
};

} // namespace alloy::projections
