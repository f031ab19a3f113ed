// The part of doorward.hpp that knows JSON (RFC 8259): a value, a reader, a writer, and texts that wipe
// themselves.

#ifndef DOORWARD_JSON_HPP
#define DOORWARD_JSON_HPP

#include <cerrno>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace doorward {

namespace detail {

class reader;
class writer;

// Memory that is wiped before it is given back.
template <class T>
struct wiping {
  using value_type = T;

  wiping() = default;
  template <class U>
  explicit wiping(const wiping<U> &) noexcept {}

  T *allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T *memory, std::size_t count) noexcept {
    // Volatile: the compiler must not leave out writes to memory that is not read again.
    void *(*const volatile wipe)(void *, int, std::size_t) = std::memset;
    wipe(memory, 0, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  // A vector that grows sets nothing: `append` does.
  void construct(T *) noexcept {}

  friend bool operator==(const wiping &, const wiping &) noexcept { return true; }
  friend bool operator!=(const wiping &, const wiping &) noexcept { return false; }
};

using wiped_bytes = std::vector<char, wiping<char>>;

// Adds bytes at once; `insert` of a vector with such an allocator copies them one by one.
inline void append(wiped_bytes &to, std::string_view bytes) {
  const std::size_t size = to.size();
  if (to.capacity() - size < bytes.size()) to.reserve(2 * to.capacity() + bytes.size());
  to.resize(size + bytes.size());
  if (!bytes.empty()) std::memcpy(to.data() + size, bytes.data(), bytes.size());
}

// How many bytes at the beginning are ASCII that texts of JSON have as it is.
inline std::size_t plain(std::string_view text) noexcept {
  constexpr std::uint64_t ones = UINT64_MAX / 255;
  std::size_t at = 0;
  for (std::uint64_t eight = 0; text.size() - at >= 8; at += 8) {
    std::memcpy(&eight, text.data() + at, 8);
    const std::uint64_t quote = eight ^ '"' * ones, escape = eight ^ '\\' * ones;
    // Subtracting makes the top bit of a byte that is 0, or less than a space.
    if (((quote - ones) | (escape - ones) | (eight - ' ' * ones) | eight) & (ones << 7)) break;
  }
  const auto is_plain = [](unsigned char byte) {
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
  };
  while (at < text.size() && is_plain(static_cast<unsigned char>(text[at]))) at++;
  return at;
}

}  // namespace detail

// A password, a token, a code. It is wiped when it goes, no stream prints it, and it has no `==`, which would
// tell by its time how much of a guess was right.
class secret {
 public:
  secret() = default;
  secret(std::string_view text) { detail::append(bytes_, text); }
  secret(const std::string &text) : secret(std::string_view(text)) {}
  secret(const char *text) : secret(text ? std::string_view(text) : std::string_view()) {}

  // Valid as long as the secret is, and does not change.
  std::string_view view() const &noexcept { return {bytes_.data(), bytes_.size()}; }
  std::string_view view() const && = delete;
  operator std::string_view() const &noexcept { return view(); }
  operator std::string_view() const && = delete;
  bool empty() const noexcept { return bytes_.empty(); }

  void clear() noexcept { detail::wiped_bytes().swap(bytes_); }
  void push_back(char byte) { bytes_.push_back(byte); }
  void append(const char *from, std::size_t count) { detail::append(bytes_, {from, count}); }

 private:
  detail::wiped_bytes bytes_;
};

// A value of JSON: null, a boolean, a number, a text, a list or an object.
class json {
 public:
  using list = std::vector<json>;
  using object = std::map<std::string, json>;

  json() = default;
  json(std::nullptr_t) {}
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  json(T value) : kind_(kind::boolean), boolean_(value) {}
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  json(T value) : kind_(kind::integer), integer_(static_cast<std::int64_t>(value)) {
    static_assert(std::is_signed_v<T> || sizeof(T) < sizeof(std::int64_t),
                  "an integer that fits in std::int64_t");
  }
  json(double value) : kind_(kind::number), number_(value) {}
  json(std::string value) : kind_(kind::text), text_(std::move(value)) {}
  json(std::string_view value) : kind_(kind::text), text_(value) {}
  json(const char *value) : kind_(kind::text), text_(value ? value : "") {}
  json(list value) : kind_(kind::list), list_(std::move(value)) {}
  json(object value) : kind_(kind::object), object_(std::move(value)) {}

  // The value that the text is; nothing where it is no JSON, has a name twice, or is nested deeper than 64.
  [[nodiscard]] static std::optional<json> parse(std::string_view text);
  // The value as JSON. What JSON cannot say (a number that is not finite, a text that is no UTF-8) no reader
  // takes.
  [[nodiscard]] std::string dump() const;

  [[nodiscard]] bool is_null() const noexcept { return kind_ == kind::null; }
  // What it is, or nullptr where it is something else. A whole number of 64 bits is an integer only.
  [[nodiscard]] const bool *boolean() const noexcept { return if_is(kind::boolean, boolean_); }
  [[nodiscard]] const std::int64_t *integer() const noexcept { return if_is(kind::integer, integer_); }
  [[nodiscard]] const double *number() const noexcept { return if_is(kind::number, number_); }
  [[nodiscard]] const std::string *text() const &noexcept { return if_is(kind::text, text_); }
  [[nodiscard]] const list *items() const &noexcept { return if_is(kind::list, list_); }
  [[nodiscard]] const object *members() const &noexcept { return if_is(kind::object, object_); }
  const std::string *text() const && = delete;
  const list *items() const && = delete;
  const object *members() const && = delete;
  // The member of this name; null where there is none.
  [[nodiscard]] const json &operator[](const std::string &name) const & {
    static const json none;
    const object *all = members();
    const auto found = all ? all->find(name) : object::const_iterator();
    return all && found != all->end() ? found->second : none;
  }

  friend bool operator==(const json &a, const json &b) {
    return a.kind_ == b.kind_ && a.boolean_ == b.boolean_ && a.integer_ == b.integer_ &&
           a.number_ == b.number_ && a.text_ == b.text_ && a.list_ == b.list_ && a.object_ == b.object_;
  }
  friend bool operator!=(const json &a, const json &b) { return !(a == b); }

 private:
  friend class detail::reader;
  friend class detail::writer;

  enum class kind {
    null,
    boolean,
    integer,
    number,
    text,
    list,
    object
  };

  template <class T>
  const T *if_is(kind kind, const T &value) const noexcept {
    return kind_ == kind ? &value : nullptr;
  }

  // All of them beside each other, and one used: that compiles in a third of the time of a std::variant.
  kind kind_ = kind::null;
  bool boolean_ = false;
  std::int64_t integer_ = 0;
  double number_ = 0;
  std::string text_{};  // A number that was read keeps its digits: a double may have fewer.
  list list_{};
  object object_{};
};

namespace detail {

// The names of the values of an enumeration; doorward_types.hpp has those of each.
template <class Enumeration>
struct names;

template <class Enumeration>
std::string_view name_of(Enumeration value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < std::size(names<Enumeration>::all) ? names<Enumeration>::all[index] : std::string_view();
}

// The value of this name; the first, `unknown`, where a newer library has more.
template <class Enumeration>
Enumeration named(std::string_view name) noexcept {
  for (std::size_t index = 1; index < std::size(names<Enumeration>::all); index++) {
    if (names<Enumeration>::all[index] == name) return static_cast<Enumeration>(index);
  }
  return Enumeration{};
}

// Writes one value as JSON. What is absent is left out.
class writer {
 public:
  // A client gets no members that are for the host only.
  explicit writer(bool is_for_host) : is_for_host_(is_for_host) { out_.reserve(512); }

  std::string_view text() const noexcept { return {out_.data(), out_.size()}; }
  const char *c_str() {
    out_.push_back('\0');
    return out_.data();
  }

  void value(std::nullptr_t) { add("null"); }
  void value(bool boolean) { add(boolean ? "true" : "false"); }
  void value(std::int64_t integer) { add(std::to_string(integer)); }
  void value(const char *) = delete;  // It would be a boolean.
  void value(double number);
  void value(std::string_view text);
  void value(const std::string &text) { value(std::string_view(text)); }
  void value(const secret &text) { value(text.view()); }
  void value(const json &any);
  template <class T>
  void value(const std::optional<T> &maybe) {
    if (maybe) return value(*maybe);
    value(nullptr);
  }
  template <class T>
  void value(const std::vector<T> &list) {
    begin('[');
    for (const T &item : list) {
      separate();
      value(item);
    }
    end(']');
  }
  template <class T>
  void value(const std::map<std::string, T> &map) {
    begin('{');
    others(map);
    end('}');
  }
  template <class... T>
  void value(const std::variant<T...> &one) {
    std::visit([this](const auto &chosen) { this->value(chosen); }, one);
  }
  template <class T, std::enable_if_t<std::is_enum_v<T>, int> = 0>
  void value(T constant) {
    value(name_of(constant));
  }
  template <class T, class = decltype(&T::template each_member<const T, writer>)>
  void value(const T &shape) {
    begin('{');
    T::each_member(shape, *this);
    end('}');
  }

  // A member of a shape.
  template <class T>
  void operator()(const char *name, const T &member) {
    this->name(name);
    value(member);
  }
  template <class T>
  void operator()(const char *name, const std::optional<T> &member) {
    if (!member) return;
    this->name(name);
    value(*member);
  }
  // A member that is there even where it is null.
  template <class T>
  void nullable(const char *name, const std::optional<T> &member) {
    this->name(name);
    value(member);
  }
  template <class T>
  void host_only(const char *name, const T &member) {
    if (is_for_host_) (*this)(name, member);
  }
  template <class T>
  void others(const std::map<std::string, T> &members) {
    for (const auto &[name, member] : members) {
      this->name(name);
      value(member);
    }
  }

 private:
  void add(std::string_view text) { append(out_, text); }
  void begin(char bracket) {
    out_.push_back(bracket);
    is_first_ = true;
  }
  void end(char bracket) {
    out_.push_back(bracket);
    is_first_ = false;
  }
  void separate() {
    if (!is_first_) out_.push_back(',');
    is_first_ = false;
  }
  void name(std::string_view name) {
    separate();
    value(name);
    out_.push_back(':');
  }

  wiped_bytes out_;
  bool is_for_host_;
  bool is_first_ = true;
};

inline void writer::value(double number) {
  // Whole numbers as such: the engine tells 1 from 1.0 where it wants an integer.
  const double exact = 9007199254740992.0;  // 2^53
  if (number > -exact && number < exact && number == static_cast<double>(static_cast<std::int64_t>(number))) {
    return value(static_cast<std::int64_t>(number));
  }
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.17g", number);
  // The decimal point is that of the program's locale.
  for (char &digit : digits) {
    if (digit == *std::localeconv()->decimal_point) digit = '.';
  }
  add(digits);
}

inline void writer::value(std::string_view text) {
  out_.push_back('"');
  std::size_t from = 0;
  for (std::size_t index = plain(text); index < text.size(); index += 1 + plain(text.substr(index + 1))) {
    const char letter = text[index];
    const bool is_control = static_cast<unsigned char>(letter) < 0x20;
    if (!is_control && letter != '"' && letter != '\\') continue;
    add(text.substr(from, index - from));
    from = index + 1;
    if (is_control) {
      const char *digits = "0123456789abcdef";
      add("\\u00");
      out_.push_back(digits[letter >> 4]);
      out_.push_back(digits[letter & 15]);
    } else {
      out_.push_back('\\');
      out_.push_back(letter);
    }
  }
  add(text.substr(from));
  out_.push_back('"');
}

inline void writer::value(const json &any) {
  if (any.boolean()) return value(*any.boolean());
  if (any.integer()) return value(*any.integer());
  if (any.number()) return any.text_.empty() ? value(*any.number()) : add(any.text_);
  if (any.text()) return value(*any.text());
  if (any.items()) return value(*any.items());
  if (any.members()) return value(*any.members());
  value(nullptr);
}

// Reads one value of JSON, straight to where it belongs, so that no copy of a secret stays behind.
class reader {
 public:
  explicit reader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // Whether the text was one value, of the shape into which it was read.
  bool is_done() noexcept {
    skip_space();
    return is_good_ && at_ == end_;
  }

  void value(bool &to) { to = literal("true") || (!literal("false") && fail()); }
  void value(std::int64_t &to) {
    if (short_number(to)) return;
    const json number = this->number();
    if (!number.integer()) return void(fail());
    to = *number.integer();
  }
  void value(double &to) {
    std::int64_t whole = 0;
    if (short_number(whole)) return void(to = static_cast<double>(whole));
    const json number = this->number();
    if (number.integer()) to = static_cast<double>(*number.integer());
    if (number.number()) to = *number.number();
  }
  void value(std::string &to) { text(to); }
  void value(secret &to) { text(to); }
  void value(json &to);
  template <class T>
  void value(std::optional<T> &to) {
    if (literal("null")) return to.reset();
    value(to.emplace());
  }
  template <class T>
  void value(std::vector<T> &to) {
    for (bool more = begin('[', ']'); more; more = next(']')) {
      T item{};
      value(item);
      to.push_back(std::move(item));
    }
  }
  template <class T>
  void value(std::map<std::string, T> &to) {
    for (bool more = begin_object(); more; more = next_member()) {
      is_taken_ = false;
      others(to);
    }
  }
  // A text or a list, a truth value or a list, a whole number or another: told apart by how they begin.
  template <class... T>
  void value(std::variant<T...> &to) {
    (void)((is_next<T>() && (value(to.template emplace<T>()), true)) || ... || fail());
  }
  template <class T, std::enable_if_t<std::is_enum_v<T>, int> = 0>
  void value(T &to) {
    std::string name;
    text(name);
    to = named<T>(name);
  }
  template <class T, class = decltype(&T::template each_member<T, reader>)>
  void value(T &to) {
    for (bool more = begin_object(); more; more = next_member()) {
      is_taken_ = false;
      T::each_member(to, *this);
      if (!is_taken_) skip();
    }
  }

  // A member of a shape.
  template <class T>
  void operator()(std::string_view name, T &member) {
    if (is_taken_ || name_ != name) return;
    value(member);
    is_taken_ = true;
  }
  template <class T>
  void nullable(const char *name, T &member) {
    (*this)(name, member);
  }
  template <class T>
  void host_only(const char *name, T &member) {
    (*this)(name, member);
  }
  template <class T>
  void others(std::map<std::string, T> &members) {
    if (is_taken_) return;
    const auto [member, is_new] = members.try_emplace(name_);
    if (!is_new) return void(fail());
    value(member->second);
    is_taken_ = true;
  }

 private:
  bool fail() noexcept {
    is_good_ = false;
    at_ = end_;
    return false;
  }
  void skip_space() noexcept {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) at_++;
  }
  // The next byte that is no space; NUL, which no value begins with, at the end.
  char peek() noexcept {
    skip_space();
    return at_ < end_ ? *at_ : '\0';
  }
  bool take(char expected) noexcept {
    if (peek() != expected || at_ == end_) return false;
    at_++;
    return true;
  }
  bool literal(std::string_view word) noexcept {
    skip_space();
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  // Whether there is a first item or member.
  bool begin(char open, char close) noexcept {
    if (!take(open) || ++depth_ > 64) return fail();
    if (!take(close)) return true;
    depth_--;
    return false;
  }
  bool next(char close) noexcept {
    if (take(',')) return true;
    depth_--;
    return !take(close) && fail();
  }
  bool begin_object() { return begin('{', '}') && name(); }
  bool next_member() { return next('}') && name(); }
  bool name() {
    text(name_);
    return take(':') || fail();
  }
  void skip() {
    json skipped;
    value(skipped);
  }

  template <class T>
  bool is_next() noexcept {
    const char first = peek();
    if constexpr (std::is_same_v<T, bool>) return first == 't' || first == 'f';
    if constexpr (std::is_same_v<T, std::string>) return first == '"';
    if constexpr (std::is_same_v<T, std::vector<std::string>>) return first == '[';
    return first == '{';
  }

  template <class Text>
  void text(Text &to) {
    to.clear();
    if (!take('"')) return void(fail());
    while (at_ < end_) {
      const std::size_t count = plain({at_, static_cast<std::size_t>(end_ - at_)});
      to.append(at_, count);
      at_ += count;
      if (at_ == end_) break;
      if (*at_ == '"') return void(at_++);
      if (*at_ == '\\' ? !escape(to) : !many_bytes(to)) return void(fail());
    }
    fail();
  }

  // A character of several bytes: the shortest form, no surrogate, not beyond U+10FFFF (RFC 3629).
  template <class Text>
  bool many_bytes(Text &to) {
    const auto byte = [this](std::ptrdiff_t index) {
      return end_ - at_ > index ? static_cast<unsigned char>(at_[index]) : 0u;
    };
    const unsigned first = byte(0), second = byte(1);
    const int length = first >= 0xc2 && first <= 0xdf   ? 2
                       : first >> 4 == 0xe              ? 3
                       : first >= 0xf0 && first <= 0xf4 ? 4
                                                        : 0;
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (length == 0 || second < least || second > most) return false;
    for (int index = 2; index < length; index++) {
      if (byte(index) >> 6 != 2) return false;
    }
    to.append(at_, static_cast<std::size_t>(length));
    at_ += length;
    return true;
  }

  template <class Text>
  bool escape(Text &to) {
    const std::string_view letters = "\"\\/bfnrtu", meant = "\"\\/\b\f\n\r\t";
    const std::size_t index = end_ - at_ > 1 ? letters.find(at_[1]) : std::string_view::npos;
    if (index == std::string_view::npos) return false;
    at_ += 2;
    if (index < meant.size()) {
      to.push_back(meant[index]);
      return true;
    }
    std::uint32_t letter = four_digits();
    if (letter >= 0xd800 && letter < 0xdc00 && is_at('\\', '\\') && is_at('u', 'u')) {
      const std::uint32_t low = four_digits();
      if (low < 0xdc00 || low > 0xdfff) return false;
      letter = 0x10000 + ((letter - 0xd800) << 10) + (low - 0xdc00);
    }
    if ((letter >= 0xd800 && letter <= 0xdfff) || letter > 0x10ffff) return false;
    const auto add = [&to](std::uint32_t byte) { to.push_back(static_cast<char>(byte)); };
    if (letter < 0x80) {
      add(letter);
    } else {
      if (letter < 0x800) {
        add(0xc0 | letter >> 6);
      } else {
        if (letter < 0x10000) {
          add(0xe0 | letter >> 12);
        } else {
          add(0xf0 | letter >> 18);
          add(0x80 | (letter >> 12 & 0x3f));
        }
        add(0x80 | (letter >> 6 & 0x3f));
      }
      add(0x80 | (letter & 0x3f));
    }
    return true;
  }
  // The number that four hexadecimal digits are; no character where they are none.
  std::uint32_t four_digits() noexcept {
    std::uint32_t number = 0;
    for (int left = 4; left > 0; left--, at_++) {
      const std::string_view digits = "0123456789abcdef";
      if (at_ == end_) return UINT32_MAX;
      const char digit = *at_ >= 'A' && *at_ <= 'F' ? static_cast<char>(*at_ - 'A' + 'a') : *at_;
      const std::size_t value = digits.find(digit);
      if (value == std::string_view::npos) return UINT32_MAX;
      number = number << 4 | static_cast<std::uint32_t>(value);
    }
    return number;
  }

  bool digits() noexcept {
    const char *const from = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') at_++;
    return at_ > from;
  }
  bool is_at(char one, char other) noexcept {
    if (at_ == end_ || (*at_ != one && *at_ != other)) return false;
    at_++;
    return true;
  }
  // Reads a whole number without a sign, and with so few digits that it is exact in each type.
  bool short_number(std::int64_t &to) noexcept {
    skip_space();
    const char *digit = at_;
    std::int64_t number = 0;
    for (; digit < end_ && *digit >= '0' && *digit <= '9' && digit - at_ < 15; digit++)
      number = 10 * number + (*digit - '0');
    const bool is_zero = digit - at_ == 1 && *at_ == '0';
    if (digit == at_ || digit == end_ || (*at_ == '0' && !is_zero)) return false;
    if (*digit != ',' && *digit != '}' && *digit != ']') return false;
    to = number;
    at_ = digit;
    return true;
  }
  // A whole number of 64 bits, or another that is finite; null where there is none.
  json number() {
    skip_space();
    const char *const from = at_;
    (void)is_at('-', '-');
    const bool is_zero = at_ < end_ && *at_ == '0';
    const char *const first = at_;
    if (!digits() || (is_zero && at_ - first > 1)) return fail(), json();
    bool is_whole = true;
    if (is_at('.', '.')) is_whole = false, digits() || fail();
    if (is_at('e', 'E')) is_whole = false, (void)is_at('+', '-'), digits() || fail();
    if (!is_good_) return json();
    const std::string digits(from, at_);
    std::string text = digits;
    if (is_whole) {
      errno = 0;
      const long long integer = std::strtoll(text.c_str(), nullptr, 10);
      if (errno == 0) return json(static_cast<std::int64_t>(integer));
    }
    const std::size_t point = text.find('.');
    if (point != std::string::npos) text.replace(point, 1, std::localeconv()->decimal_point);
    const double number = std::strtod(text.c_str(), nullptr);
    if (number - number != 0) return fail(), json();  // Infinity is no number.
    json value(number);
    value.text_ = digits;
    return value;
  }

  const char *at_;
  const char *end_;
  std::string name_;
  int depth_ = 0;
  bool is_good_ = true;
  bool is_taken_ = false;
};

inline void reader::value(json &to) {
  switch (peek()) {
    case '{': {
      json::object members;
      value(members);
      to = std::move(members);
      break;
    }
    case '[': {
      json::list items;
      value(items);
      to = std::move(items);
      break;
    }
    case '"': {
      std::string text;
      value(text);
      to = std::move(text);
      break;
    }
    case 't':
    case 'f': {
      bool boolean = false;
      value(boolean);
      to = boolean;
      break;
    }
    case 'n':
      if (!literal("null")) fail();
      to = nullptr;
      break;
    default:
      to = number();
  }
}

}  // namespace detail

inline std::optional<json> json::parse(std::string_view text) {
  detail::reader in(text);
  std::optional<json> value(std::in_place);
  in.value(*value);
  if (!in.is_done()) value.reset();
  return value;
}

inline std::string json::dump() const {
  detail::writer out(true);
  out.value(*this);
  return std::string(out.text());
}

// The value as JSON for a client: without what only the host may read.
template <class T>
[[nodiscard]] std::string to_json(const T &value) {
  detail::writer out(false);
  out.value(value);
  return std::string(out.text());
}

}  // namespace doorward

#endif  // DOORWARD_JSON_HPP
