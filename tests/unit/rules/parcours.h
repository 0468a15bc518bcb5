// Acts of the commission and of a parcours de sortie, with values that are right.
#pragma once

#include <string>
#include <string_view>

#include "ledger/rules/calendar.h"
#include "tests/support/acts.h"

namespace relais::tests {

/// The case of most tests of a parcours.
inline const std::string kCase = case_subject(1);

/// The association whose case it is, and the days of the parcours.
class Parcours : public Scene {
 public:
  /// Ten in the morning of this day, in Paris.
  void on(std::string_view date) { clock.set(at_ten(date)); }
  static Timestamp at_ten(std::string_view date) {
    const auto day = parse_date(date);
    check(day.has_value(), "a test names a day that is none");
    return Timestamp{rules::start_of(*day).value + 10 * 3'600'000};
  }
  std::string today() const { return to_date(rules::legal_day(clock.now())); }

  json::object dated(std::string_view field, std::string_view more = "{}") const {
    json::object d = data(more);
    d[field] = today();
    return d;
  }

  void request_accreditation(const std::string& aa) {
    json::object d;
    d["dossier_hash"] = std::string(43, 'A');
    expect(aa, "accreditation.requested", "signatory/" + aa, std::move(d));
  }
  void complete_accreditation(const std::string& aa) {
    expect("pref", "accreditation.completed", "signatory/" + aa, dated("complete_on"));
  }
  void accredit(const std::string& aa) {
    request_accreditation(aa);
    complete_accreditation(aa);
    expect("pref", "accreditation.granted", "signatory/" + aa, dated("granted_on"));
  }

  static json::object appointment(std::string_view institution, std::string_view capacity) {
    json::object d;
    d["institution"] = institution;
    d["capacity"] = capacity;
    return d;
  }
  /// pref, member, aa1 and aa2 sit.
  void appoint() {
    for (const char* who : {"pref", "member", "aa1", "aa2"})
      expect("pref", "member.appointed", "signatory/pref", appointment(who, "association"));
  }

  json::object convocation(json::array members = {"pref", "member", "aa1", "aa2"},
                           std::uint64_t quorum = 2, json::array cases = {}) const {
    json::object d = dated("held_on");
    d["members"] = std::move(members);
    d["quorum"] = quorum;
    if (!cases.empty()) d["cases"] = std::move(cases);
    return d;
  }
  static json::object minutes(json::array present = {"pref", "member", "aa1", "aa2"}) {
    json::object d;
    d["present"] = std::move(present);
    d["minutes_hash"] = std::string(43, 'A');
    return d;
  }
  /// Convened and held today, with all its members.
  void hold(const std::string& session) {
    expect("pref", "session.convened", "session/" + session, convocation());
    expect("pref", "session.held", "session/" + session, minutes());
  }

  /// Case n of aa1, in support, with the person's consent to a parcours.
  void support(std::uint64_t n, std::string_view age_band = "22_25") {
    detect("aa1", n, age_band);
    assess("aa1", n);
    expect("aa1", "support.step_planned", case_subject(n), step_data(201));
    expect("aa1", "case.consent_given", case_subject(n), consent_data("psp"));
  }
  static json::object application() {
    json::object d;
    d["dossier_hash"] = std::string(43, 'A');
    return d;
  }
  void apply(std::uint64_t n) { expect("aa1", "psp.applied", case_subject(n), application()); }

  static json::object opinion(std::string_view session, std::string_view opinion, int in_favour,
                              int against, int abstained) {
    json::object d;
    d["session"] = session;
    d["opinion"] = opinion;
    d["in_favour"] = in_favour;
    d["against"] = against;
    d["abstained"] = abstained;
    return d;
  }
  json::object refusal(std::string_view more = R"({"decision":"refused"})") const {
    json::object d = dated("notified_on", more);
    d["reasons"] = "The project has no stated aim.";
    d["appeal_route"] = "contentious";
    return d;
  }

  // Today, each from where the one before leaves the case.
  void reach_applied(std::uint64_t n = 1) {
    accredit("aa1");
    appoint();
    support(n);
    apply(n);
  }
  void reach_opined(std::uint64_t n = 1) {
    reach_applied(n);
    hold("s1");
    expect("pref", "psp.opinion_given", case_subject(n), opinion("s1", "favourable", 2, 1, 0));
  }
  void reach_refused(std::uint64_t n = 1) {
    reach_opined(n);
    expect("pref", "psp.decided", case_subject(n), refusal());
  }
  void reach_authorised(std::uint64_t n = 1) {
    reach_opined(n);
    expect("pref", "psp.decided", case_subject(n),
           dated("notified_on", R"({"decision":"authorised"})"));
  }
  void reach_active(std::uint64_t n = 1) {
    reach_authorised(n);
    expect("aa1", "psp.started", case_subject(n), dated("starts_on"));
  }
  /// The next renewal, asked for on the last day of the term and granted.
  void renew(std::uint64_t n = 1) {
    on(to_date(Day{psp(n).term_ends_on}));
    expect("aa1", "psp.renewal_requested", case_subject(n));
    expect("pref", "psp.renewal_decided", case_subject(n),
           dated("notified_on", R"({"decision":"renewed"})"));
  }
  void reach_renewal_refused(std::uint64_t n = 1) {
    reach_active(n);
    on("2026-09-01");
    expect("aa1", "psp.renewal_requested", case_subject(n));
    expect("pref", "psp.renewal_decided", case_subject(n), refusal());
  }

  const rules::Psp& psp(std::uint64_t n = 1) { return find(n)->psp; }
  std::string state(std::uint64_t n = 1) { return std::string(to_string(psp(n).phase)); }
  rules::Accreditation accreditation(const std::string& aa) {
    const rules::SignatoryState* s = world().find_signatory(ordinal_of(aa));
    return s == nullptr ? rules::Accreditation{} : s->accreditation;
  }
};

/// Day of a date, in days since 1970-01-01.
inline std::int32_t day_number(std::string_view date) {
  const auto day = parse_date(date);
  check(day.has_value(), "a test names a day that is none");
  return day->value;
}

}  // namespace relais::tests
