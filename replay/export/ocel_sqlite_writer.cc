#include "replay/export/ocel_sqlite_writer.h"

#include <sqlite3.h>

#include <algorithm>
#include <map>

#include "ledger/base/clock.h"
#include "replay/export/ocel.h"
#include "replay/export/output.h"

namespace relais::replay::exports {
namespace {

// What has a primary key of its own, and what that refers to. Each type's own table comes with the
// first of the type.
constexpr const char* kTables = R"(
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL UNIQUE);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL UNIQUE);
CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL
  REFERENCES event_map_type(ocel_type));
CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL
  REFERENCES object_map_type(ocel_type));
CREATE TABLE event_object (ocel_event_id TEXT NOT NULL REFERENCES event(ocel_id),
  ocel_object_id TEXT NOT NULL REFERENCES object(ocel_id), ocel_qualifier TEXT NOT NULL,
  PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));
CREATE TABLE object_object (ocel_source_id TEXT NOT NULL REFERENCES object(ocel_id),
  ocel_target_id TEXT NOT NULL REFERENCES object(ocel_id), ocel_qualifier TEXT NOT NULL,
  PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier));
)";

// The file is nobody's until it is whole and has its name, so a crash may leave it broken.
constexpr const char* kPragmas =
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; "
    "PRAGMA foreign_keys=OFF; PRAGMA cache_size=-65536;";
constexpr std::uint64_t kRowsAtOnce = 50'000;  // of one transaction

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

std::string sql_name(const std::string& name) {
  return "\"" + name + "\"";  // names are the schema's: letters, digits, '_', '.'
}

/// "case.detected" as a part of a table's name.
std::string map_of(std::string_view type) {
  std::string map(type);
  std::ranges::replace(map, '.', '_');
  return map;
}

std::string_view sql_type(ValueType type) {
  switch (type) {
    case ValueType::integer:
      return "INTEGER";
    case ValueType::boolean:
      return "BOOLEAN";
    case ValueType::moment:
      return "TIMESTAMP";
    case ValueType::text:
      break;
  }
  return "TEXT";
}

class Database {
 public:
  static Result<Database> open(const std::filesystem::path& file) {
    sqlite3* db = nullptr;
    const int opened =
        sqlite3_open_v2(file.c_str(), &db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, nullptr);
    Database made(db, file);
    if (opened != SQLITE_OK) return fail(made.failure());
    RELAIS_TRY(made.run(kPragmas));
    return made;
  }
  Error failure() const {
    const int code = sqlite3_errcode(db_.get());
    return error(code == SQLITE_FULL ? Errc::storage_full : Errc::io,
                 code == SQLITE_FULL ? "storage-full" : "file-write",
                 "cannot write " + file_.string() + ": " + sqlite3_errmsg(db_.get()));
  }
  Status run(const std::string& sql) const {
    if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return fail(failure());
  }
  Result<Statement> prepare(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_.get(), sql.c_str(), static_cast<int>(sql.size()), &statement,
                           nullptr) != SQLITE_OK)
      return fail(failure());
    return Statement(statement);
  }
  /// A row of texts, which columns of numbers store as numbers (SQLite's affinity). Null where a
  /// text is absent.
  Status insert(const Statement& into, const std::vector<const std::string*>& values) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int at = static_cast<int>(i) + 1;
      const int bound = values[i] == nullptr
                            ? sqlite3_bind_null(into.get(), at)
                            : sqlite3_bind_text(into.get(), at, values[i]->data(),
                                                static_cast<int>(values[i]->size()), SQLITE_STATIC);
      if (bound != SQLITE_OK) return fail(failure());
    }
    const bool done = sqlite3_step(into.get()) == SQLITE_DONE;
    auto result = done ? Status() : Status(fail(failure()));
    sqlite3_reset(into.get());
    return result;
  }
  const std::filesystem::path& file() const { return file_; }

 private:
  Database(sqlite3* db, std::filesystem::path file) : db_(db), file_(std::move(file)) {}
  std::unique_ptr<sqlite3, Close> db_;
  std::filesystem::path file_;
};

class OcelSqliteWriter final : public Writer {
 public:
  explicit OcelSqliteWriter(Database db) : db_(std::move(db)) {}

  Status begin(const std::vector<Object>& signatories) override {
    RELAIS_TRY(db_.run("BEGIN"));
    RELAIS_TRY(db_.run(kTables));
    RELAIS_ASSIGN(event_, db_.prepare("INSERT INTO event VALUES (?,?)"));
    RELAIS_ASSIGN(object_, db_.prepare("INSERT INTO object VALUES (?,?)"));
    RELAIS_ASSIGN(event_object_, db_.prepare("INSERT INTO event_object VALUES (?,?,?)"));
    RELAIS_ASSIGN(object_object_, db_.prepare("INSERT INTO object_object VALUES (?,?,?)"));
    for (const ObjectKind& kind : object_kinds()) RELAIS_TRY(add_kind(kind));
    for (const Object& s : signatories) RELAIS_TRY(add(s));
    return {};
  }

  Status row(const Row& row) override {
    if (++rows_ % kRowsAtOnce == 0) RELAIS_TRY(db_.run("COMMIT; BEGIN"));
    RELAIS_ASSIGN(const Table* table, table_of(*row.type));
    const std::string id = row.id();
    RELAIS_TRY(db_.insert(event_, {&id, &row.type->name}));
    const std::string time = to_rfc3339(row.received_at);
    const auto fixed = ocel_row_values(row);
    std::vector<const std::string*> values = {&id, &time};
    for (const std::string& value : fixed) values.push_back(&value);
    for (std::size_t i = fixed.size(); i < table->columns.size(); ++i)
      values.push_back(value_of(row.values, table->columns[i]));
    RELAIS_TRY(db_.insert(table->insert, values));
    for (const Link& link : row.links)
      RELAIS_TRY(db_.insert(event_object_, {&id, &link.object, &link.qualifier}));
    for (const Object& object : row.born) RELAIS_TRY(add(object));
    return {};
  }

  Status end() override {
    RELAIS_TRY(db_.run("COMMIT"));
    const std::filesystem::path file = db_.file();
    tables_.clear();
    kinds_.clear();
    for (Statement* s : {&event_, &object_, &event_object_, &object_object_}) s->reset();
    {
      const Database closed = std::move(db_);
    }
    return sync_path(file);
  }

 private:
  struct Table {
    std::vector<Column> columns;
    Statement insert;
  };

  static const std::string* value_of(const std::vector<Value>& values, const Column& column) {
    static const std::string kYes = "1";
    static const std::string kNo = "0";
    const auto found = std::ranges::find(values, column, &Value::column);
    if (found == values.end()) return nullptr;
    if (column.type != ValueType::boolean) return &found->text;
    return found->text == "true" ? &kYes : &kNo;
  }

  /// A type's own table, behind `head`, and its line in the map.
  Result<Table> make(const std::string& what, std::string_view type,
                     const std::vector<Column>& columns, const std::string& head) {
    const std::string map = map_of(type);
    const std::string name = sql_name(what + "_" + map);
    std::string sql = "CREATE TABLE " + name + " (" + head;
    std::string marks = what == "event" ? "?,?" : "?,?,NULL";
    for (const Column& c : columns) {
      sql += ", " + sql_name(c.name) + " " + std::string(sql_type(c.type));
      marks += ",?";
    }
    RELAIS_TRY(db_.run("INSERT INTO " + what + "_map_type VALUES ('" + std::string(type) + "','" +
                       map + "'); " + sql + ")"));
    RELAIS_ASSIGN(Statement insert, db_.prepare("INSERT INTO " + name + " VALUES (" + marks + ")"));
    return Table{columns, std::move(insert)};
  }

  Result<const Table*> table_of(const statement::EventType& type) {
    const auto known = tables_.find(type.ordinal);
    if (known != tables_.end()) return &known->second;
    RELAIS_ASSIGN(Table made, make("event", type.name, ocel_columns(type),
                                   "ocel_id TEXT PRIMARY KEY REFERENCES event(ocel_id), "
                                   "ocel_time TIMESTAMP NOT NULL"));
    return &tables_.emplace(type.ordinal, std::move(made)).first->second;
  }

  Status add_kind(const ObjectKind& kind) {
    RELAIS_ASSIGN(Table made, make("object", kind.name, kind.columns,
                                   "ocel_id TEXT NOT NULL REFERENCES object(ocel_id), "
                                   "ocel_time TIMESTAMP NOT NULL, ocel_changed_field TEXT"));
    kinds_.emplace(&kind, std::move(made));
    return {};
  }

  Status add(const Object& object) {
    const Table& table = kinds_.at(object.kind);
    const std::string kind(object.kind->name);
    const std::string time = to_rfc3339(object.born);
    std::vector<const std::string*> values = {&object.id, &time};
    for (const Column& column : table.columns) values.push_back(value_of(object.values, column));
    RELAIS_TRY(db_.insert(object_, {&object.id, &kind}));
    RELAIS_TRY(db_.insert(table.insert, values));
    for (const Link& link : object.links)
      RELAIS_TRY(db_.insert(object_object_, {&object.id, &link.object, &link.qualifier}));
    return {};
  }

  Database db_;
  Statement event_, object_, event_object_, object_object_;
  std::map<statement::EventOrdinal, Table> tables_;
  std::map<const ObjectKind*, Table> kinds_;
  std::uint64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<Writer>> make_ocel_sqlite_writer(const std::filesystem::path& folder) {
  RELAIS_ASSIGN(Database db, Database::open(folder / kOcelSqliteFile));
  return std::make_unique<OcelSqliteWriter>(std::move(db));
}

}  // namespace relais::replay::exports
