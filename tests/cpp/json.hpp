// The part of engine.cpp that tests the reader and the writer of doorward_json.hpp with hostile texts: what
// is read, what is refused, what comes back. One program compiles the headers once for both.

using doorward::json;

namespace {

// The text is read, and this is written of it.
void reads(const std::string &text, const std::string &written) {
  const auto value = json::parse(text);
  expect(value && value->dump() == written,
         text + " as " + written + ", not " + (value ? value->dump() : "nothing"));
  expect(value && json::parse(value->dump()) == value, text + " again");
}

void refuses(const std::string &text) { expect(!json::parse(text), "refuses " + text.substr(0, 40)); }

std::string nested(int depth, const std::string &open, const std::string &inner, const std::string &close) {
  std::string before, after;
  for (; depth > 0; depth--) {
    before += open;
    after += close;
  }
  return before + inner + after;
}

void texts() {
  using std::string;
  reads(R"("")", R"("")");
  reads(R"("a\"b\\c\/d\b\f\n\r\t")", R"("a\"b\\c/d\u0008\u000c\u000a\u000d\u0009")");
  reads(R"("\u0000")", R"("\u0000")");
  expect(json::parse(R"("\u0000x")")->text()->size() == 2, "NUL is a character as others");
  reads(R"("\u00e9\u20AC\ud83d\ude00")", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
  reads("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"");
  reads("\"\x7f\"", "\"\x7f\"");
  for (const char *lone : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")",
                           R"("\ude00\ud83d")", R"("\ud800 \udc00")"}) {
    refuses(lone);
  }
  for (const char *escape : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\u+123")", R"("\)", R"("\u)",
                             R"("\ud83d\u)", R"("\U0001")"}) {
    refuses(escape);
  }
  for (const char *bytes :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xff", "\xe2\x82", "\xe2\x28\xa1", "\xf0\x9f\x98", "\xc3\x28"}) {
    refuses('"' + string(bytes) + '"');
    refuses('"' + string(bytes));
  }
  // Texts are read eight bytes at once, so each stands at each place.
  for (std::size_t place = 0; place < 17; place++) {
    const string before = '"' + string(place, 'a'), after = string(16 - place, '\x7f') + '"';
    for (int control = 0; control < 0x20; control++) refuses(before + static_cast<char>(control) + after);
    for (const char *bytes : {"\x80", "\xff", "\""}) refuses(before + bytes + after);
    for (const char *whole : {"", "\\\"", "\\\\", "\\u001f", " ", "!", "#", "[", "]", "\x7f", "\xc3\xa9"})
      reads(before + whole + after, before + whole + after);
  }
  refuses("\"a");
  refuses("'a'");
  // What stands in a text stays in it.
  reads(R"({"name":"ada\",\"roles\":[\"admin"})", R"({"name":"ada\",\"roles\":[\"admin"})");
}

void numbers() {
  reads("0", "0");
  reads("-0", "0");
  reads("9223372036854775807", "9223372036854775807");
  reads("-9223372036854775808", "-9223372036854775808");
  expect(json::parse("9223372036854775808")->number() != nullptr, "beyond 64 bits it is no integer");
  expect(json::parse("-9223372036854775809")->number() != nullptr, "beyond 64 bits it is no integer");
  expect(*json::parse("1" + std::string(300, '0'))->number() == 1e300, "a number of 301 digits");
  reads("1.5", "1.5");
  reads("1e2", "1e2");
  reads("18446744073709551615", "18446744073709551615");
  expect(json(100.0).dump() == "100" && json(0.1).dump() == "0.10000000000000001", "numbers of the program");
  reads("2.5E-3", "2.5E-3");
  reads("5e-324", "5e-324");
  expect(*json::parse("0." + std::string(5000, '0') + "1")->number() == 0, "a number that is too small");
  for (const char *text : {"1e400", "-1e400", "1e999999999999", "01", "-", "+1", "1.", ".5", "1e", "1e+",
                           "0x10", "1_0", "NaN", "Infinity", "-Infinity", "00", "-01", "1.e1", "1 2"}) {
    refuses(text);
  }
  refuses("1" + std::string(5000, '0'));
  expect(json(std::numeric_limits<double>::quiet_NaN()).dump() == "nan", "what is no number is no JSON");
  refuses(json(std::numeric_limits<double>::quiet_NaN()).dump());
  refuses(json(std::numeric_limits<double>::infinity()).dump());
}

void structure() {
  reads(" \t\r\n{ \"a\" : [ ] , \"b\" : { } } ", R"({"a":[],"b":{}})");
  reads("[null,true,false,[[]]]", "[null,true,false,[[]]]");
  reads(R"({"":1})", R"({"":1})");
  for (const char *text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{,}",
                           R"({"a"})",
                           R"({"a":})",
                           R"({"a":1,})",
                           R"({"a":1 "b":2})",
                           R"({a:1})",
                           R"({1:1})",
                           R"({"a":1}x)",
                           "[]]",
                           "[}",
                           "{]",
                           "nul",
                           "nullx",
                           "TRUE",
                           "true false",
                           "//",
                           "[1]/**/",
                           "\xef\xbb\xbf[]",
                           R"({"a":1,"a":2})",
                           R"({"a":{"b":1,"b":1}})"}) {
    refuses(text);
  }
  refuses(std::string("[]\0", 3));
  refuses(std::string("\0", 1));
  refuses(std::string("{\"a\0\":1}", 8));
  expect(json::parse(nested(64, "[", "", "]")).has_value(), "64 lists");
  refuses(nested(65, "[", "", "]"));
  expect(json::parse(nested(64, "{\"a\":", "1", "}")).has_value(), "64 objects");
  refuses(nested(65, "{\"a\":", "1", "}"));
  refuses(std::string(1000000, '['));
  refuses(nested(100000, "{\"a\":[", "", "]}"));
  // Every beginning of a text is refused, and none is read beyond its end.
  const std::string whole = R"({"a":["\ud83d\ude00\n",-1.5e+3,true,null],"b":{"c":false}})";
  for (std::size_t length = 0; length < whole.size(); length++) refuses(std::string(whole, 0, length));
  expect(json::parse(whole).has_value(), whole);
}

// Into types: a wrong type is never absent, and what is not known is passed over.
void types() {
  const auto reads_user = [](const std::string &text) {
    doorward::user user;
    return doorward::detail::read(text, user);
  };
  const std::string good =
      R"({"id":"1","username":"ada","is_active":true,"roles":["a"],"attributes":{"x":[1]},"created_at":5)";
  expect(reads_user(good + "}"), "a user");
  expect(reads_user(good + R"(,"new":{"a":[1,{"b":null}]}})"), "with a member of a newer library");
  expect(reads_user(good + R"(,"email":null})"), "without an address");
  for (const char *wrong :
       {R"("is_active":1)", R"("is_active":"true")", R"("is_active":null)", R"("username":1)",
        R"("roles":"a")", R"("roles":[1])", R"("attributes":[])", R"("created_at":1.5)",
        R"("created_at":9223372036854775808)", R"("created_at":"1")", R"("username":null)", R"("new":01)"}) {
    expect(!reads_user('{' + std::string(wrong) + '}'), wrong);
  }
  doorward::claims claims;
  expect(doorward::detail::read(R"({"aud":["a","b"],"exp":1.5,"tenant":{"id":7}})", claims) &&
             std::get<1>(claims.aud).size() == 2 && *claims.others["tenant"]["id"].integer() == 7,
         "claims");
  expect(!doorward::detail::read(R"({"aud":5})", claims), "an audience that is a number");
  doorward::finding finding;
  expect(doorward::detail::read(R"({"severity":"worse"})", finding) &&
             finding.severity == doorward::finding_severity::unknown,
         "a value that is not known");
}

// A program of another locale writes and reads the same numbers.
void locale() {
  for (const char *name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_ALL, name)) break;
  }
  reads("1.5", "1.5");
  expect(*json::parse("-2.25e1")->number() == -22.5, "a decimal point");
}

}  // namespace
