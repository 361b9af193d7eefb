#include "events/export_file.hpp"

#include "core/base64.hpp"
#include "core/json.hpp"
#include "events/record.hpp"

#include <algorithm>
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

struct end_facts {
  std::uint64_t lines = 0;
  std::string sha256, seal;
};
BOOST_DESCRIBE_STRUCT(end_facts, (), (lines, sha256, seal))
struct end_line {
  end_facts alloy_export_end;
};
BOOST_DESCRIBE_STRUCT(end_line, (), (alloy_export_end))

// The seal is a checkpoint of its own: of so many lines, with the hash of them all for a root.
std::string seal_of(uuid const& log, uuid const& tenant) {
  return origin_of(log, tenant) + "/export";
}

} // namespace

void append_line(std::string& out, std::uint64_t seq, stored_record const& r) {
  record_frame frame;
  if (!parse_record(r.bytes, frame))
    throw corruption_error("the record at position " + std::to_string(r.first) + " is damaged");
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

void export_seal::add(std::string_view lines) {
  lines_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  hash_.add(lines);
}

void export_seal::append_end(std::string& out, checkpoint_signer const& signer, uuid const& tenant) {
  auto const sum = hash_.finish();
  json::write(out, end_line{{lines_, encode_base64(crypto::view_of(sum)),
                             signer.sign(seal_of(signer.log(), tenant), lines_, sum)}});
  out += '\n';
}

line_kind kind_of_line(std::string_view line) noexcept {
  if (line.starts_with("{\"alloy_export_end\"")) return line_kind::end;
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
  if (has_end_) return broken("there is a line behind the end");
  if (has_header_ && kind_of_line(line) == line_kind::end) return add_end(line);
  ++lines_;
  hash_.add(line);
  hash_.add("\n");
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
  case line_kind::end:
  case line_kind::record: break;
  }
  return add_record(line);
}

result<> export_check::add_record(std::string_view line) {
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

result<> export_check::add_end(std::string_view line) {
  auto const end = json::read<end_line>(line, json::unknown_fields::ignore);
  if (!end) return broken("the end is malformed");
  has_end_ = true;
  seal_ = end->alloy_export_end.seal;
  sha256_ = end->alloy_export_end.sha256;
  auto const& stated = end->alloy_export_end;
  if (stated.lines != lines_)
    return broken("there are " + std::to_string(lines_) + " lines before the end, which names " +
                  std::to_string(stated.lines));
  return {};
}

result<checkpoint> export_check::signed_by(std::string_view verifier_key, std::string_view note,
                                           std::string const& origin) const {
  auto head = open_checkpoint(note, verifier_key.empty() ? header_.verifier_key : verifier_key);
  if (head && head->origin != origin) return broken("it is of another log: " + head->origin);
  return head;
}

result<> export_check::finish(std::string_view verifier_key) {
  if (!has_header_) return broken("the file is empty");
  if (tree_.size() != header_.records)
    return broken("the file ends with record " + std::to_string(tree_.size()) + ", its header names " +
                  std::to_string(header_.records));
  auto const root = tree_.root();
  if (encode_base64(crypto::view_of(root)) != header_.root)
    return broken("the Merkle root over the records is not that of the header");
  auto const signed_head = signed_by(verifier_key, header_.checkpoint, origin_of(header_.log, header_.org_id));
  if (!signed_head) return broken("the checkpoint: " + signed_head.error().detail);
  if (signed_head->size != tree_.size() || signed_head->root != root)
    return broken("the records are not those that were signed");
  if (!has_end_) return broken("the file is cut off: its end is missing");
  auto const seal = signed_by(verifier_key, seal_, seal_of(header_.log, header_.org_id));
  if (!seal) return broken("the seal: " + seal.error().detail);
  auto const sum = hash_.finish();
  if (sha256_ != encode_base64(crypto::view_of(sum))) return broken("the hash at the end is not that of the lines");
  if (seal->size != lines_ || seal->root != sum)
    return broken("the records hold, but a line that is no record, or the place of one, is not what was written");
  return {};
}

} // namespace alloy::events
