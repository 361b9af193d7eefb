#pragma once
// Makes the requests of a run: path and body templates taken in turn, with the request's number put in.
// In a template `{n}` becomes the number, `{N}` the number with ten digits (so that every body is of the same size).
// One thread.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::bench {

class text_template {
 public:
  explicit text_template(std::string_view text);
  void render(std::uint64_t number, std::string& out) const;

 private:
  struct piece {
    std::string literal; // goes out before the number
    enum class number_form { none, plain, padded } form;
  };
  std::vector<piece> pieces_;
};

struct request_shape {
  std::string method;
  std::vector<std::string> paths, bodies, headers; // headers as "Name: value"
  std::string host;
};

class request_source {
 public:
  request_source(request_shape const& shape, std::uint64_t first_number);
  // Appends the next request's bytes.
  void next(std::string& out);

 private:
  std::string method_, headers_, body_;
  std::vector<text_template> paths_, bodies_;
  std::uint64_t first_, made_ = 0;
};

} // namespace alloy::bench
