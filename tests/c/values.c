/* Requests are built from values and responses read by pointers: what hostile values become, and what is absent. */

#include "show.h"

/* Prints JSON, control characters and bytes beyond ASCII by number, and frees it. */
static void print(const char *step, char *json) {
  printf("%s: ", step);
  for (const char *byte = json ? json : "NULL"; *byte; byte++)
    printf(*byte < ' ' || *byte > '~' ? "<%02x>" : "%c", (unsigned char)*byte);
  putchar('\n');
  doorward_free(json);
}

/* Prints what is built of a text, and whether the same text is read back. */
static void text(const char *step, const char *value) {
  char *json = doorward_json(DOORWARD_TEXT("x", value)), *back = doorward_text(json, "/x");
  if (value && (!back ? strncmp(json, "not JSON: ", 10) != 0 : strcmp(back, value) != 0)) puts("  read back as another");
  doorward_free(back);
  print(step, json);
}

static void texts(void) {
  puts("texts");
  text("plain", "ada");
  text("empty", "");
  text("a quote and what would follow it", "ada\",\"roles\":[\"admin");
  text("backslashes", "\\\\\\\" \\u0041");
  text("control characters", "\x01\b\t\n\r\x1f\x7f");
  text("beyond ASCII", "\xc3\xa4 \xf0\x9f\x94\x91 \xe2\x80\xa8");
  text("NULL", NULL);
  text("a byte that is no UTF-8", "\xff");
  text("a text that is cut off", "ada\xc3");
  text("an overlong slash", "\xc0\xaf");
  text("a surrogate", "\xed\xa0\x80");
  print("NUL inside", doorward_json(DOORWARD_BYTES("x", "a\0b", 3)));
  print("bytes of a longer text", doorward_json(DOORWARD_BYTES("x", "ada and more", 3)));
  print("no bytes", doorward_json(DOORWARD_BYTES("x", "", 0)));
  print("optional", doorward_json(DOORWARD_OPTIONAL("x", "ada"), DOORWARD_OPTIONAL("y", NULL), DOORWARD_TEXT("z", "")));
  print("optional and alone", doorward_json(DOORWARD_OPTIONAL("x", NULL)));
}

static void names(void) {
  puts("\nnames");
  print("empty", doorward_json(DOORWARD_TEXT("", "ada")));
  print("hostile", doorward_json(DOORWARD_TEXT("x\":1,\"roles", "ada")));
  print("NULL", doorward_json(DOORWARD_TEXT("x", "ada"), DOORWARD_TEXT(NULL, "ada")));
  print("no UTF-8", doorward_json(DOORWARD_INTEGER("\xff", 1)));
  print("twice", doorward_json(DOORWARD_TEXT("roles", "a"), DOORWARD_TEXT("user", "b"), DOORWARD_JSON("roles", "[]")));
  print("a pointer is a name", doorward_json(DOORWARD_TEXT("/client/ip", NULL)));
}

static void others(void) {
  doorward_member unset, members[2] = {DOORWARD_BOOLEAN("x", 1), DOORWARD_INTEGER("y", 2)};
  memset(&unset, 0, sizeof unset);
  puts("\nnumbers, truth, kinds");
  print("integers", doorward_json(DOORWARD_INTEGER("least", INT64_MIN), DOORWARD_INTEGER("most", INT64_MAX),
                                  DOORWARD_INTEGER("none", 0)));
  print("booleans", doorward_json(DOORWARD_BOOLEAN("yes", 1), DOORWARD_BOOLEAN("no", 0), DOORWARD_BOOLEAN("-5", -5)));
  print("a member that is not set", doorward_object(&unset, 1));
  members[1].kind = 99;
  print("a kind of the future", doorward_object(members, 2));
  print("the first of two", doorward_object(members, 1));
  print("none", doorward_object(members, 0));
  print("none of nothing", doorward_object(NULL, 0));
  print("one of nothing", doorward_object(NULL, 1));
  print("no items", doorward_list(NULL, 0));
  print("items", doorward_json_list(DOORWARD_TEXT(NULL, "a\",\"b"), DOORWARD_INTEGER("unread", 7),
                                    DOORWARD_OPTIONAL(NULL, NULL), DOORWARD_BOOLEAN("\xff", 1)));
  print("an item that is NULL", doorward_json_list(DOORWARD_TEXT(NULL, "a"), DOORWARD_TEXT(NULL, NULL)));
}

static void json(const char *step, const char *value) { print(step, doorward_json(DOORWARD_JSON("x", value))); }

static void nested(void) {
  puts("\nJSON inside");
  char *client = doorward_json(DOORWARD_TEXT("ip", "192.0.2.7"), DOORWARD_TEXT("user_agent", "\"}"));
  char *roles = doorward_json_list(DOORWARD_TEXT(NULL, "editor"));
  print("an object and a list", doorward_json(DOORWARD_JSON("client", client), DOORWARD_JSON("roles", roles)));
  doorward_free(client);
  doorward_free(roles);
  char *refused = doorward_json(DOORWARD_TEXT("ip", NULL));
  print("a refusal", doorward_json(DOORWARD_JSON("client", refused)));
  print("a refusal in a list", doorward_json_list(DOORWARD_INTEGER(NULL, 1), DOORWARD_JSON(NULL, refused)));
  doorward_free(refused);
  json("scalars too", " \n1.50 ");
  json("a large number stays as it is", "123456789012345678901234567890");
  json("NULL", NULL);
  json("empty", "");
  json("a way out", "1},\"roles\":[\"admin\"],\"y\":{\"z\":1");
  json("two values", "{} {}");
  json("a comment", "1 /* */");
  json("a name twice", "{\"a\":1,\"a\":2}");
  json("an escaped NUL", "\"\\u0000\"");
  json("a lone surrogate", "\"\\ud800\"");
  json("no UTF-8", "\"\xff\"");
  json("not a number", "NaN");

  char *deep = doorward_list(NULL, 0);
  for (int level = 2; level <= 40; level++) {
    char *deeper = doorward_json_list(DOORWARD_JSON(NULL, deep));
    if (strncmp(deeper, "not JSON: ", 10) == 0 && deep[0] == '[') printf("refused at level %d\n", level);
    doorward_free(deep);
    deep = deeper;
  }
  print("too deep", deep);
}

static void read_text(const char *json, const char *pointer) {
  printf("%s ", !pointer ? "(NULL)" : *pointer & 0x80 ? "(not UTF-8)" : pointer);
  print("is", doorward_text(json, pointer));
}

static void read_value(const char *json, const char *pointer) {
  printf("%s ", pointer);
  print("is", doorward_value(json, pointer));
}

static void read_number(const char *json, const char *pointer) {
  printf("%s is %lld, as a boolean %d\n", pointer, (long long)doorward_integer(json, pointer, -7),
         (int)doorward_boolean(json, pointer, -7));
}

static void reading(void) {
  static const char response[] =
      "{\"user\":{\"id\":\"7\",\"roles\":[\"a\",\"b\"],\"a/b\":\"slash\",\"m~n\":\"tilde\",\"\":\"empty\",\" \":\"space\"},"
      "\"escaped\":\"\\u00e4\\n\\\"\\ud83d\\udd11\",\"nul\":\"a\\u0000b\",\"half\":\"\\ud800\",\"null\":null,"
      "\"n\":{\"zero\":0,\"less\":-1,\"most\":9223372036854775807,\"more\":9223372036854775808,"
      "\"least\":-9223372036854775808,\"huge\":1e400,\"whole\":1.0,\"power\":1e3,\"text\":\"12\",\"minus\":-0},"
      "\"yes\":true,\"no\":false,\"twice\":\"first\",\"twice\":\"last\"}";
  static const char *const pointers[] = {
      "/user/id", "/user/roles/1", "/user/a~1b", "/user/m~0n", "/user/", "/user/ ", "/escaped", "/nul", "/half", "/null",
      "/null/x", "/n/zero", "/user", "/absent", "/user/roles/2", "/user/roles/01", "/user/roles/-", "/user/roles/+1",
      "/user/roles/18446744073709551616", "/user/id/0", "/yes", "/twice", "", "user/id", "/user~", "/USER/id", "\xff", NULL,
  };
  static const char *const numbers[] = {
      "/n/zero", "/n/less", "/n/most", "/n/more", "/n/least", "/n/huge", "/n/whole", "/n/power", "/n/text", "/n/minus",
      "/yes", "/no", "/null", "/absent", "",
  };
  static const char *const broken[] = {
      "", "{", "{\"x\":\"a\"", "{\"x\":\"a\"} {}", "{\"x\":\"a\",}", "{'x':'a'}", "\xef\xbb\xbf{\"x\":\"a\"}", "{\"x\":\"\xff\"}",
      "{\"x\":\"a\",\"y\":01}", "not JSON: /x: NULL", NULL,
  };
  puts("\nreading texts");
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) read_text(response, pointers[i]);
  read_text("\"all of it\"", "");
  puts("\nreading numbers and truth");
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) read_number(response, numbers[i]);
  puts("\nreading values");
  read_value(response, "/user/roles");
  read_value(response, "/escaped");
  read_value(response, "/n/huge");
  read_value(response, "/null");
  read_value(response, "/absent");
  read_value(" [1, {\"a\" : 2}] ", "");
  puts("\nreading what is not JSON");
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) read_text(broken[i], "/x");
}

/* What is deep is read without a stack as deep. */
static void deep(void) {
  const size_t levels = 100000;
  char *json = malloc(2 * levels + 1), *pointer = malloc(2 * levels + 1);
  if (!json || !pointer) exit(1);
  memset(json, '[', levels);
  memset(json + levels, ']', levels);
  json[2 * levels] = 0;
  for (size_t i = 0; i < levels; i++) memcpy(pointer + 2 * i, "/0", 2);
  puts("\n100,000 levels");
  pointer[2 * 100] = 0;
  char *found = doorward_value(json, pointer);
  printf("a hundred down: %s\n", found && strlen(found) == 2 * (levels - 100) ? "found" : "not found");
  doorward_free(found);
  json[2 * levels - 1] = 0;
  print("one bracket short", doorward_value(json, pointer));
  free(json);
  free(pointer);
}

/* No engine takes what could not be built for something else. */
static void refusals(void) {
  doorward_engine *engine = must_open(MEMORY, NULL), *other;
  char *request = doorward_json(DOORWARD_TEXT("username", NULL)), *response;
  puts("\nrefusals");
  call("register", engine, "register", request);
  call("list_users", engine, "list_users", request);
  call("stats", engine, "stats", request);
  doorward_status status = doorward_open(request, NULL, &other, &response);
  show("open", status, response);
  doorward_free(request);
  doorward_release(engine);
}

int main(void) {
  texts();
  names();
  others();
  nested();
  reading();
  deep();
  refusals();
  return 0;
}
