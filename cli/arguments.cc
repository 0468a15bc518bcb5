#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace relais::cli {

Option Option::required() const {
  return Option(option_->required());
}
Option Option::needs(Option other) const {
  return Option(option_->needs(other.option_));
}
Option Option::excludes(Option other) const {
  return Option(option_->excludes(other.option_));
}

Option Option::existing_file() const {
  return Option(option_->check(CLI::ExistingFile));
}
Option Option::existing_directory() const {
  return Option(option_->check(CLI::ExistingDirectory));
}
Option Option::range(int least, int most) const {
  return Option(option_->check(CLI::Range(least, most)));
}
Option Option::range(std::uint64_t least, std::uint64_t most) const {
  return Option(option_->check(CLI::Range(least, most)));
}
Option Option::one_of(const std::vector<std::string>& values) const {
  return Option(option_->check(CLI::IsMember(values)));
}
Option Option::default_value(unsigned value) const {
  return Option(option_->default_val(value));
}

Command Command::subcommand(const std::string& name, const std::string& purpose) const {
  return Command(app_->add_subcommand(name, purpose));
}
Command Command::option_group(const std::string& name, const std::string& purpose) const {
  return Command(app_->add_option_group(name, purpose));
}

Option Command::option(const std::string& name, std::string& value, const std::string& help) const {
  return Option(app_->add_option(name, value, help));
}
Option Command::option(const std::string& name, std::vector<std::string>& value,
                       const std::string& help) const {
  return Option(app_->add_option(name, value, help));
}
Option Command::option(const std::string& name, int& value, const std::string& help) const {
  return Option(app_->add_option(name, value, help));
}
Option Command::option(const std::string& name, unsigned& value, const std::string& help) const {
  return Option(app_->add_option(name, value, help));
}
Option Command::option(const std::string& name, std::uint64_t& value,
                       const std::string& help) const {
  return Option(app_->add_option(name, value, help));
}
Option Command::option(const std::string& name, std::optional<std::uint32_t>& value,
                       const std::string& help) const {
  return Option(app_->add_option(name, value, help));
}
Option Command::option(const std::string& name, std::optional<std::uint64_t>& value,
                       const std::string& help) const {
  return Option(app_->add_option(name, value, help));
}
Option Command::flag(const std::string& name, bool& value, const std::string& help) const {
  return Option(app_->add_flag(name, value, help));
}

void Command::require_subcommand(int count) const {
  app_->require_subcommand(count);
}
void Command::require_option(int count) const {
  app_->require_option(count);
}
void Command::footer(const std::string& text) const {
  app_->footer(text);
}
void Command::callback(std::function<void()> chosen) const {
  app_->callback(std::move(chosen));
}

CommandLine::CommandLine(const std::string& name, const std::string& purpose,
                         const std::string& version)
    : app_(std::make_unique<CLI::App>(purpose, name)) {
  app_->set_version_flag("--version", version);
}
CommandLine::~CommandLine() = default;

Command CommandLine::root() const {
  return Command(app_.get());
}

namespace {

/// A value that is given and empty is a variable of a script that nobody has set: it is not the
/// same as none, which would be another command.
void refuse_empty_values(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options())
    if (option->count() > 0 && option->get_expected_max() > 0)
      for (const std::string& value : option->results())
        if (value.empty()) throw CLI::ValidationError(option->get_name(), "the value is empty");
  // Groups of options are commands without a name.
  for (const CLI::App* sub : command.get_subcommands(
           [](const CLI::App* s) { return s->parsed() || s->get_name().empty(); }))
    refuse_empty_values(*sub);
}

}  // namespace

CommandLine::Read CommandLine::read(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
    refuse_empty_values(*app_);
    return Read::command;
  } catch (const CLI::ParseError& e) {
    return app_->exit(e) == 0 ? Read::help : Read::wrong;
  }
}

}  // namespace relais::cli
