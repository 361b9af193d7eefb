#include "projections/burndown_svg.hpp"

#include "core/steering.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace alloy::projections {
namespace {

constexpr double width = 760, height = 400, left = 56, right = 28, top = 92, bottom = 44;
constexpr double plot_width = width - left - right, plot_height = height - top - bottom;
constexpr std::size_t labels_max = 10, title_code_points_max = 64;
constexpr int ticks_max = 5;

// No custom properties: not every renderer knows them.
constexpr std::string_view style = R"(<style>
.burndown text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:12px;fill:#1f2328}
.burndown .name{font-size:17px;font-weight:600}
.burndown .faint{fill:#59636e}
.burndown .ground{fill:#ffffff}
.burndown .grid{stroke:#d1d9e0;stroke-width:1}
.burndown polyline,.burndown .key{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.burndown .scope{stroke:#8250df}
.burndown .completed{stroke:#1a7f37}
.burndown .remaining{stroke:#0969da;stroke-width:3}
.burndown .ideal{stroke:#9a6700;stroke-dasharray:6 5;stroke-linecap:butt}
.burndown .end{fill:#0969da}
@media (prefers-color-scheme:dark){
.burndown text{fill:#f0f6fc}
.burndown .faint{fill:#9198a1}
.burndown .ground{fill:#0d1117}
.burndown .grid{stroke:#3d444d}
.burndown .scope{stroke:#ab7df8}
.burndown .completed{stroke:#3fb950}
.burndown .remaining{stroke:#4493f8}
.burndown .ideal{stroke:#d29922}
.burndown .end{fill:#4493f8}
}
</style>
)";

// XML has no way at all to write some characters (section 2.2 of XML 1.0), and a file with one of them is no XML:
// U+FFFD stands for them.
bool is_xml(char32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  return (point < 0xd800 || point > 0xdfff) && point != 0xfffe && point != 0xffff && point <= 0x10ffff;
}

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const size = character_size(text);
    auto const character = text.substr(0, size);
    char32_t const point = size == 0 ? 0xffff : decode_point(character);
    text.remove_prefix(size == 0 ? 1 : size);
    switch (point) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    default: out += is_xml(point) ? character : "\xef\xbf\xbd";
    }
  }
  return out;
}

std::string shortened(std::string_view text) {
  std::size_t points = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] & 0xc0) != 0x80 && ++points > title_code_points_max)
      return std::string(text.substr(0, i)) + "\xe2\x80\xa6";
  return std::string(text);
}

std::string number(double n) { // at most one decimal
  char text[40];
  auto const end = std::to_chars(text, text + sizeof text, std::round(n * 10) / 10).ptr;
  return {text, end};
}
std::string number(decimal const& n) {
  std::string out;
  n.write_json(out);
  return out;
}
double value(decimal const& n) {
  return static_cast<double>(n.hundredths) / 100;
}

std::string short_date(date d) {
  constexpr char const* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto const c = calendar_of(d);
  return std::string(months[c.month - 1]) + " " + std::to_string(c.day);
}

// 1, 2 or 5 times a power of ten, so that few lines suffice.
double tick_for(double highest) {
  for (double power = 1;; power *= 10)
    for (double const step : {power, 2 * power, 5 * power})
      if (highest / step <= ticks_max) return step;
}

class chart {
 public:
  explicit chart(burndown const& b) : b_(b) {
    double highest = b.commitment ? value(*b.commitment) : 0;
    for (auto const& day : b.days) {
      highest = std::max(highest, value(day.ideal));
      if (day.scope) highest = std::max(highest, value(*day.scope.value));
    }
    tick_ = tick_for(std::max(highest, 1.0));
    highest_ = std::max(1.0, std::ceil(std::max(highest, 1.0) / tick_)) * tick_;
  }

  std::string draw(std::string_view name) {
    begin(name);
    grid();
    line("scope", start(&chart_change::scope), [](chart_day const& d) { return d.scope.value; });
    line("completed", start(&chart_change::completed), [](chart_day const& d) { return d.completed.value; });
    auto const ideal = b_.commitment ? *b_.commitment : first_ideal();
    line("ideal", ideal, [](chart_day const& d) { return std::optional(d.ideal); });
    line("remaining", start(&chart_change::remaining), [](chart_day const& d) { return d.remaining.value; });
    end_mark();
    legend();
    return std::move(out_) + "</svg>\n";
  }

 private:
  double x(std::size_t days_passed) const {
    return left + plot_width * static_cast<double>(days_passed) / static_cast<double>(b_.days.size());
  }
  double y(double v) const { return top + plot_height * (1 - v / highest_); }

  // How it stood before the first day: what that day ended with, less what happened in it.
  decimal start(decimal chart_change::*what) const {
    auto const& first = b_.days.front();
    if (!first.scope) return {};
    auto const& end = what == &chart_change::scope       ? *first.scope.value
                      : what == &chart_change::completed ? *first.completed.value
                                                         : *first.remaining.value;
    decimal before = end;
    for (auto const& c : *first.changes.value) before.hundredths -= (c.*what).hundredths;
    return before;
  }
  // Not started: the line falls from what is left now.
  decimal first_ideal() const {
    decimal now;
    for (auto const& day : b_.days)
      if (day.remaining) now = *day.remaining.value;
    return now.hundredths ? now : b_.days.front().ideal;
  }

  void begin(std::string_view name) {
    auto const title = escaped(name);
    auto const unit = std::string(json::name_of(b_.unit));
    auto const span = to_string(b_.days.front().date) + " to " + to_string(b_.days.back().date);
    auto const promised =
        b_.commitment ? "commitment " + number(*b_.commitment) + " " + unit : "not started, in " + unit;
    out_ +=
        R"(<svg xmlns="http://www.w3.org/2000/svg" class="burndown" viewBox="0 0 760 400" width="760" height="400" )"
        R"(role="img" aria-labelledby="burndown-title burndown-desc">)"
        "\n<title id=\"burndown-title\">Burndown of " +
        title + "</title>\n<desc id=\"burndown-desc\">" + described(span, promised) + "</desc>\n";
    out_ += style;
    out_ += "<rect class=\"ground\" width=\"760\" height=\"400\"/>\n";
    text(left, 30, "name", "start", escaped(shortened(name)));
    text(left, 50, "faint", "start", span + " \xc2\xb7 " + promised);
  }

  std::string described(std::string const& span, std::string const& promised) const {
    std::string words = span + ", " + promised;
    for (auto day = b_.days.rbegin(); day != b_.days.rend(); ++day)
      if (day->scope)
        return words + "; at the end of " + to_string(day->date) + ": scope " + number(*day->scope.value) +
               ", completed " + number(*day->completed.value) + ", remaining " + number(*day->remaining.value);
    return words;
  }

  void grid() {
    for (double v = 0; v <= highest_ + tick_ / 2; v += tick_) {
      rule(left, y(v), width - right, y(v));
      text(left - 8, y(v) + 4, "faint", "end", number(v));
    }
    auto const every = (b_.days.size() + labels_max - 1) / labels_max;
    for (std::size_t i = 0; i < b_.days.size(); i += every)
      text((x(i) + x(i + 1)) / 2, height - bottom + 20, "faint", "middle", short_date(b_.days[i].date));
  }

  template <class F> void line(std::string_view name, decimal const& from, F value_of) {
    std::string points = number(x(0)) + ',' + number(y(value(from)));
    bool any = false;
    for (std::size_t i = 0; i < b_.days.size(); ++i) {
      auto const v = value_of(b_.days[i]);
      if (!v) break;
      points += ' ' + number(x(i + 1)) + ',' + number(y(value(*v)));
      any = true;
    }
    if (any) out_ += "<polyline class=\"" + std::string(name) + "\" points=\"" + points + "\"/>\n";
  }

  void end_mark() {
    std::size_t known = 0;
    while (known < b_.days.size() && b_.days[known].remaining) ++known;
    if (known == 0) return;
    auto const& left_over = *b_.days[known - 1].remaining.value;
    auto const at_y = y(value(left_over));
    out_ += "<circle class=\"end\" cx=\"" + number(x(known)) + "\" cy=\"" + number(at_y) + "\" r=\"4\"/>\n";
    bool const at_the_edge = x(known) > width - right - 30;
    text(x(known) + (at_the_edge ? -8 : 8), at_y - 8, "", at_the_edge ? "end" : "start", number(left_over));
  }

  void legend() {
    double at = left;
    for (std::string_view const name : {"remaining", "ideal", "completed", "scope"}) {
      out_ += "<line class=\"key " + std::string(name) + "\" x1=\"" + number(at) + "\" y1=\"70\" x2=\"" +
              number(at + 26) + "\" y2=\"70\"/>\n";
      text(at + 34, 74, "", "start", name);
      at += 60 + 8 * static_cast<double>(name.size());
    }
  }

  void rule(double x1, double y1, double x2, double y2) {
    out_ += "<line class=\"grid\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" +
            number(y2) + "\"/>\n";
  }
  void text(double at_x, double at_y, std::string_view kind, std::string_view anchor, std::string_view words) {
    out_ += "<text x=\"" + number(at_x) + "\" y=\"" + number(at_y) + "\" text-anchor=\"" + std::string(anchor) + '"';
    if (!kind.empty()) out_ += " class=\"" + std::string(kind) + '"';
    out_ += '>' + std::string(words) + "</text>\n";
  }

  burndown const& b_;
  double highest_ = 1, tick_ = 1;
  std::string out_;
};

} // namespace

std::string burndown_svg(burndown const& b, std::string_view sprint_name) {
  return chart(b).draw(sprint_name);
}

} // namespace alloy::projections
