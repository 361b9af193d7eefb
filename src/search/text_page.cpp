#include "search/text_page.hpp"

#include <algorithm>

namespace alloy::projections {

void append_varint(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) out.push_back(static_cast<char>(n | 0x80));
  out.push_back(static_cast<char>(n));
}

void occurrences::add(std::uint32_t document, std::uint32_t position) {
  if (documents_ > 0 && document == document_) {
    append_varint(bytes_, static_cast<std::uint64_t>(position - position_) << 1 | 1);
  } else {
    append_varint(bytes_, static_cast<std::uint64_t>(document - document_) << 1);
    append_varint(bytes_, position);
    ++documents_;
  }
  document_ = document;
  position_ = position;
}

void page_writer::add(std::string_view word, occurrences const& of) {
  auto const limit = page_.empty() ? 0 : std::min(word.size(), last_.size());
  auto const shared =
      static_cast<std::size_t>(std::mismatch(word.begin(), word.begin() + limit, last_.begin()).first - word.begin());
  append_varint(page_, shared);
  append_varint(page_, word.size() - shared);
  page_.append(word.substr(shared));
  append_varint(page_, of.documents());
  append_varint(page_, of.bytes().size());
  page_.append(of.bytes());
  last_.assign(word);
  if (page_.size() >= page_bytes) finish();
}

void page_writer::finish() {
  if (!page_.empty()) to_(last_, page_);
  page_.clear();
}

bool page_reader::next() {
  if (left_.empty()) return false;
  auto const shared = take_varint(left_), rest = take_varint(left_);
  if (shared > word_.size()) throw std::runtime_error("a word in a page of the search index is cut short");
  word_.resize(shared);
  word_.append(take(rest));
  documents_ = static_cast<std::uint32_t>(take_varint(left_));
  occurrences_ = take(take_varint(left_));
  return true;
}

std::string_view page_reader::take(std::uint64_t size) {
  if (size > left_.size()) throw std::runtime_error("a page of the search index is cut short");
  auto const taken = left_.substr(0, size);
  left_.remove_prefix(size);
  return taken;
}

} // namespace alloy::projections
