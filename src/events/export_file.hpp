#pragma once
// A tenant's whole log as lines of JSON, and the check of such a file with nothing but a verifier key (no server, no
// store). The first line is the header; then people, for those who read it; then the records, in order and with their
// stored JSON byte by byte, so that checksums, chain and Merkle root hold:
//   {"alloy_export":1,"org_id":...,"records":n,"root":...,"checkpoint":...,"verifier_key":...,...}
//   {"person":{...}}
//   {"seq":1,"position":n,"count":n,"crc":n,"previous_crc":n,"record":{...}}
//   {"alloy_export_end":{"lines":n,"sha256":...,"seal":...}}
// The end is signed over all lines before it, each with its line feed: what is no record's bytes holds by that.
#include "core/json.hpp"
#include "events/checkpoint.hpp"
#include "events/log.hpp"
#include "events/merkle.hpp"

namespace alloy::events {

struct export_header {
  std::int64_t alloy_export = 1; // the version of this form
  uuid org_id, log;
  std::string alloy_version;
  timestamp exported_at;
  std::uint64_t records = 0, position = 0;            // of the log, when it was written
  std::string root, digest, checkpoint, verifier_key; // root: base64; digest: of the tenant's entities, hex
  json::changed<std::uint64_t> state_version = {};    // of the read models that the digest is of
};
BOOST_DESCRIBE_STRUCT(export_header, (),
                      (alloy_export, org_id, log, alloy_version, exported_at, records, position, root, digest,
                       checkpoint, verifier_key, state_version))

struct exported_person {
  uuid id;
  std::string email, display_name;
};
BOOST_DESCRIBE_STRUCT(exported_person, (), (id, email, display_name))

void append_line(std::string& out, std::uint64_t seq, stored_record const& r);
void append_line(std::string& out, exported_person const& p);

// Writes the end once all lines went through it.
class export_seal {
 public:
  void add(std::string_view lines);
  void append_end(std::string& out, checkpoint_signer const& signer, uuid const& tenant);

 private:
  std::uint64_t lines_ = 0;
  crypto::sha256_stream hash_;
};

struct exported_record {
  std::uint64_t seq = 0;
  std::string bytes; // as they are stored
};

enum class line_kind : std::uint8_t { header, person, record, end };
line_kind kind_of_line(std::string_view line) noexcept;
result<export_header> read_header(std::string_view line);
result<exported_person> read_person(std::string_view line);
// Refused where the checksum does not hold or the record is not the tenant's.
result<exported_record> read_record(std::string_view line, uuid const& org);

// Checks a file line by line; the first fault ends it.
class export_check {
 public:
  result<> add(std::string_view line); // without its line feed
  // At the end of the file. Without a key the checkpoint is held against the one that the file itself names.
  result<> finish(std::string_view verifier_key);

  export_header const& header() const noexcept { return header_; }
  std::uint64_t records() const noexcept { return tree_.size(); }

 private:
  result<> add_record(std::string_view line);
  result<> add_end(std::string_view line);
  result<checkpoint> signed_by(std::string_view verifier_key, std::string_view note, std::string const& origin) const;

  export_header header_;
  bool has_header_ = false, has_end_ = false;
  std::uint64_t lines_ = 0;
  crypto::sha256_stream hash_;
  std::string seal_, sha256_; // as the end has them
  std::uint32_t previous_crc_ = 0;
  merkle::accumulator tree_;
};

} // namespace alloy::events
