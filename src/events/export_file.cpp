#include "events/export_file.hpp"

#include "core/base64.hpp"
#include "core/json.hpp"
#include "events/record.hpp"

#include <charconv>

namespace alloy::events {
namespace {

error broken(std::string what) {
  return error(errc::validation_failed, std::move(what));
}

// Takes `name` and the number behind it off the front.
bool take_number(std::string_view& text, std::string_view name, std::uint64_t& n) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

struct person_line {
  exported_person person;
};
BOOST_DESCRIBE_STRUCT(person_line, (), (person))

} // namespace

void append_line(std::string& out, std::uint64_t seq, stored_record const& r) {
  record_frame frame;
  if (!parse_record(r.bytes, frame)) throw damaged("the record at position " + std::to_string(r.first) + " is damaged");
  out += "{\"seq\":" + std::to_string(seq) + ",\"position\":" + std::to_string(r.first) +
         ",\"count\":" + std::to_string(frame.count) + ",\"crc\":" + std::to_string(frame.crc) +
         ",\"previous_crc\":" + std::to_string(frame.previous_crc) + ",\"record\":";
  out += frame.json;
  out += "}\n";
}

void append_line(std::string& out, exported_person const& p) {
  json::write(out, person_line{p});
  out += '\n';
}

line_kind kind_of_line(std::string_view line) noexcept {
  if (line.starts_with("{\"alloy_export\"")) return line_kind::header;
  return line.starts_with("{\"person\"") ? line_kind::person : line_kind::record;
}

result<export_header> read_header(std::string_view line) {
  auto header = json::read<export_header>(line, json::unknown_fields::ignore);
  if (!header) return broken("the first line is no header of an export of Alloy");
  if (header->alloy_export != 1)
    return broken("this export has the form " + std::to_string(header->alloy_export) +
                  ", which this version does not know");
  return header;
}

result<exported_person> read_person(std::string_view line) {
  auto read = json::read<person_line>(line, json::unknown_fields::ignore);
  if (!read) return read.error();
  return std::move(read->person);
}

result<exported_record> read_record(std::string_view line, uuid const& org) {
  exported_record r;
  std::uint64_t place = 0, count = 0, crc = 0, previous_crc = 0;
  bool const named = take_number(line, "{\"seq\":", r.seq) && take_number(line, ",\"position\":", place) &&
                     take_number(line, ",\"count\":", count) && take_number(line, ",\"crc\":", crc) &&
                     take_number(line, ",\"previous_crc\":", previous_crc) && line.starts_with(",\"record\":") &&
                     line.ends_with("}}");
  if (!named || count == 0 || count > 0xffff || crc > 0xffffffff || previous_crc > 0xffffffff)
    return broken("a line is no record of an export");
  line.remove_prefix(std::string_view(",\"record\":").size());
  line.remove_suffix(1);
  auto const where = "record " + std::to_string(r.seq);
  r.bytes = frame_record(static_cast<std::uint32_t>(previous_crc), static_cast<std::uint16_t>(count), line);
  record_frame frame;
  if (!parse_record(r.bytes, frame) || frame.crc != crc)
    return broken(where + " is not what was stored: its checksum does not hold");
  if (!line.starts_with("{\"org_id\":\"" + to_string(org) + "\""))
    return broken(where + " is not of this organization");
  return r;
}

result<> export_check::add(std::string_view line) {
  if (!has_header_) {
    auto header = read_header(line);
    if (!header) return header.error();
    header_ = std::move(*header);
    has_header_ = true;
    return {};
  }
  switch (kind_of_line(line)) {
  case line_kind::header: return broken("there is a second header");
  case line_kind::person: return {};
  case line_kind::record: break;
  }
  auto const r = read_record(line, header_.org_id);
  if (!r) return r.error();
  auto const due = tree_.size() + 1;
  if (r->seq != due)
    return broken("record " + std::to_string(r->seq) + " stands where record " + std::to_string(due) + " is due");
  record_frame frame;
  parse_record(r->bytes, frame);
  if (frame.previous_crc != previous_crc_)
    return broken("record " + std::to_string(r->seq) + " does not follow the record before it");
  previous_crc_ = frame.crc;
  tree_.add(merkle::leaf_of(r->bytes));
  return {};
}

result<> export_check::finish(std::string_view verifier_key) {
  if (!has_header_) return broken("the file is empty");
  if (tree_.size() != header_.records)
    return broken("the file ends with record " + std::to_string(tree_.size()) + ", its header names " +
                  std::to_string(header_.records));
  auto const root = tree_.root();
  if (encode_base64(crypto::view_of(root)) != header_.root)
    return broken("the Merkle root over the records is not that of the header");
  auto const signed_head =
      open_checkpoint(header_.checkpoint, verifier_key.empty() ? header_.verifier_key : verifier_key);
  if (!signed_head) return broken("the checkpoint: " + signed_head.error().detail);
  if (signed_head->origin != origin_of(header_.log, header_.org_id))
    return broken("the checkpoint is of another log: " + signed_head->origin);
  if (signed_head->size != tree_.size() || signed_head->root != root)
    return broken("the records are not those that were signed");
  return {};
}

} // namespace alloy::events
