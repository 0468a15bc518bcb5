// The command line: commands, their options and flags, and what is checked of them. The parser
// behind it is a library of headers that takes seconds to compile, so arguments.cc alone includes
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace relais::cli {

/// An option, flag or positional argument of a command. A handle: it is copied freely and holds
/// while the CommandLine does. A check that fails ends the reading with a usage error.
class Option {
 public:
  Option required() const;
  Option needs(Option other) const;
  Option excludes(Option other) const;

  Option existing_file() const;
  Option existing_directory() const;
  Option range(int least, int most) const;
  Option range(std::uint64_t least, std::uint64_t most) const;
  Option one_of(const std::vector<std::string>& values) const;
  /// Taken where the option is absent, and shown in the help.
  Option default_value(unsigned value) const;

 private:
  friend class Command;
  explicit Option(CLI::Option* option) : option_(option) {}
  CLI::Option* option_;
};

/// A command, a group of commands, or a group of options of one. A handle, like Option.
class Command {
 public:
  Command subcommand(const std::string& name, const std::string& purpose) const;
  /// Options that are named together in the help and counted by require_option.
  Command option_group(const std::string& name, const std::string& purpose) const;

  /// A name without dashes is a positional argument; "--file,file" is both. The value is written
  /// when the line is read, so it must live until then.
  Option option(const std::string& name, std::string& value, const std::string& help) const;
  Option option(const std::string& name, std::vector<std::string>& value,
                const std::string& help) const;
  Option option(const std::string& name, int& value, const std::string& help) const;
  Option option(const std::string& name, unsigned& value, const std::string& help) const;
  Option option(const std::string& name, std::uint64_t& value, const std::string& help) const;
  Option option(const std::string& name, std::optional<std::uint32_t>& value,
                const std::string& help) const;
  Option option(const std::string& name, std::optional<std::uint64_t>& value,
                const std::string& help) const;
  Option flag(const std::string& name, bool& value, const std::string& help) const;

  /// Exactly so many of its sub-commands, or of its options, must be given.
  void require_subcommand(int count) const;
  void require_option(int count) const;
  /// The end of the help.
  void footer(const std::string& text) const;
  /// Called when the command was named and what is checked of it holds.
  void callback(std::function<void()> chosen) const;

 private:
  friend class CommandLine;
  explicit Command(CLI::App* app) : app_(app) {}
  CLI::App* app_;
};

/// The program's command line.
class CommandLine {
 public:
  /// `version` is what --version prints.
  CommandLine(const std::string& name, const std::string& purpose, const std::string& version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// What the commands are added to.
  Command root() const;

  enum class Read { command, help, wrong };
  /// Calls the chosen command's callback (command); or prints what was asked for on standard output
  /// (help: --help, --version), or what is wrong on standard error.
  Read read(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace relais::cli
