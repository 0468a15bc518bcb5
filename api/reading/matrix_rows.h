// Inside the module: the rows of the reading matrix. A row says the same of several cells; the
// compiler sees to it that each cell has one row, and one only (matrix.cc).
#pragma once

#include <cstdint>
#include <initializer_list>

#include "api/reading/matrix.h"

namespace relais::api {

/// A set of values of an enum, as bits.
template <class E>
struct Set {
  constexpr Set(std::initializer_list<E> all) {
    for (const E e : all) bits |= 1U << static_cast<unsigned>(e);
  }
  constexpr bool has(E e) const { return ((bits >> static_cast<unsigned>(e)) & 1U) != 0; }
  friend constexpr Set operator|(Set a, Set b) {
    a.bits |= b.bits;
    return a;
  }
  std::uint32_t bits = 0;
};

struct RoleMask {
  constexpr RoleMask(std::initializer_list<schema::Role> all) {
    for (const schema::Role r : all) bits |= 1U << static_cast<unsigned>(r);
  }
  constexpr bool has(unsigned role) const { return ((bits >> role) & 1U) != 0; }
  std::uint32_t bits = 0;
};

struct Row {
  RoleMask roles;
  Set<rules::Relation> relations;
  Set<Kind> kinds;
  Cell cell;
};

// Who can be what.
inline constexpr RoleMask kSupporters{schema::Role::ML, schema::Role::AA};
inline constexpr RoleMask kLocales{schema::Role::ML};
inline constexpr RoleMask kAssociations{schema::Role::AA};
/// Who may open a case in immediate danger: the emitters of case.emergency_access_opened.
inline constexpr RoleMask kRescuers{schema::Role::ML, schema::Role::AA, schema::Role::PREF};
inline constexpr RoleMask kPrefecture{schema::Role::PREF, schema::Role::SEC};
inline constexpr RoleMask kCommission{schema::Role::PREF, schema::Role::SEC, schema::Role::MEMBER,
                                      schema::Role::AA};
inline constexpr RoleMask kAnalysts{schema::Role::ANALYST};
inline constexpr RoleMask kSignatories{schema::Role::PREF,  schema::Role::ML,  schema::Role::UDML,
                                       schema::Role::AA,    schema::Role::SEC, schema::Role::MEMBER,
                                       schema::Role::SYSTEM};
inline constexpr RoleMask kReaders{schema::Role::PREF,   schema::Role::ML,     schema::Role::UDML,
                                   schema::Role::AA,     schema::Role::SEC,    schema::Role::MEMBER,
                                   schema::Role::SYSTEM, schema::Role::ANALYST};
inline constexpr RoleMask kTokenless{kOperator, kAnyone};
inline constexpr RoleMask kEverybody{schema::Role::PREF,
                                     schema::Role::ML,
                                     schema::Role::UDML,
                                     schema::Role::AA,
                                     schema::Role::SEC,
                                     schema::Role::MEMBER,
                                     schema::Role::SYSTEM,
                                     schema::Role::ANALYST,
                                     kOperator,
                                     kAnyone};

constexpr bool can_be(unsigned role, rules::Relation relation) {
  using enum rules::Relation;
  switch (relation) {
    case holder:
    case invited:
    case waiting:
    case accepted:
    case completed:
    case unanswered:
    case former_holder:
    case partner:
      return kSupporters.has(role);
    case emergency:
      return kRescuers.has(role);
    case applicant:
    case former_applicant:
      return kAssociations.has(role);
    case prefecture:
      return kPrefecture.has(role);
    case member:
    case stepped_back:
      return kCommission.has(role);
    case none:
      return kEverybody.has(role);
    case analyst:
      return kAnalysts.has(role);
  }
  return false;
}

namespace rows {
using enum rules::Relation;
using enum Kind;
using enum Verdict;
using enum When;

// Sources.
inline constexpr std::string_view kAxis1 = "Convention, axes 1 and 3";
inline constexpr std::string_view kNecessary = "CASF L226-2-2; RGPD art. 5(1)(c)";
inline constexpr std::string_view kGround = "RGPD art. 7(3); decision 0013";
inline constexpr std::string_view kDebated = "CASF R121-12-7; docs/DOMAIN.md, section 1";
inline constexpr std::string_view kFile = "CASF L121-9, R121-12-8";
inline constexpr std::string_view kAgreed =
    "RGPD art. 6(1)(a), 7(3), 9(2)(a); docs/DOMAIN.md, section 2";
inline constexpr std::string_view kMinimal = "RGPD art. 5(1)(c); decision 0022";
inline constexpr std::string_view kImpartial = "CRPA L100-2; decision 0022";
inline constexpr std::string_view kOwn = "RGPD art. 5(2), 16; decision 0012";
inline constexpr std::string_view kProved = "c2sp.org/tlog-proof; decision 0004";
inline constexpr std::string_view kVital = "RGPD art. 6(1)(d), 9(2)(c); CASF L226-2-2";
inline constexpr std::string_view kPseudonyms = "RGPD art. 89(1); decision 0007";
inline constexpr std::string_view kNobody = "RGPD art. 5(1)(f), 25(2)";
inline constexpr std::string_view kPartners = "Convention, axes 2 to 4";
inline constexpr std::string_view kCells = "Convention; decision 0011";
inline constexpr std::string_view kPublic = "c2sp.org/tlog-tiles; decision 0007";
inline constexpr std::string_view kAccount = "RGPD art. 5(2), 32(1); decision 0024";
inline constexpr std::string_view kMachine = "decisions 0006, 0017";

inline constexpr Set<Kind> kActs{support_acts, commission_acts};
inline constexpr Set<Kind> kDisclosures{confided, referral, identity, commission_file};
inline constexpr Set<Kind> kAllOfCase =
    Set<Kind>{state, timeline, debates, own_acts, receipts, referrals, deadlines, looks, parcours} |
    kActs | kDisclosures;
}  // namespace rows

// clang-format off
inline constexpr Row kRows[] = {
    // Who supports the person now: the holder, and who has accepted.
    {kSupporters, {rows::holder, rows::accepted},
     Set<Kind>{rows::state, rows::timeline, rows::parcours} | rows::kActs,
     {rows::allowed, rows::always, Purpose::support, rows::kAxis1}},
    {kSupporters, {rows::holder}, {rows::confided, rows::referral, rows::commission_file},
     {rows::allowed, rows::always, Purpose::support, rows::kNecessary}},
    {kSupporters, {rows::accepted}, {rows::confided, rows::commission_file},
     {rows::allowed, rows::while_grounded, Purpose::support, rows::kGround}},
    {kSupporters, {rows::accepted, rows::waiting, rows::completed}, {rows::referral},
     {rows::allowed, rows::own_referral, Purpose::support, rows::kGround}},

    // Who has opened the case in immediate danger: what the holder reads, the commission's file and
    // debates excepted.
    {kRescuers, {rows::emergency},
     Set<Kind>{rows::state, rows::timeline, rows::parcours} | rows::kActs,
     {rows::allowed, rows::always, Purpose::danger, rows::kVital}},
    {kRescuers, {rows::emergency}, {rows::confided, rows::referral},
     {rows::allowed, rows::always, Purpose::danger, rows::kVital}},
    {kRescuers, {rows::emergency}, {rows::commission_file, rows::debates},
     {rows::absent, rows::always, Purpose::danger, rows::kNecessary}},
    {kRescuers, {rows::emergency}, {rows::identity},
     {rows::absent, rows::always, Purpose::decision, rows::kAgreed}},
    {kRescuers, {rows::emergency}, {rows::own_acts, rows::referrals, rows::deadlines},
     {rows::allowed, rows::always, Purpose::evidence, rows::kOwn}},
    {kRescuers, {rows::emergency}, {rows::receipts},
     {rows::allowed, rows::always, Purpose::proof, rows::kProved}},

    // Who is asked: enough to answer.
    {kSupporters, {rows::invited, rows::waiting, rows::partner},
     {rows::state, rows::timeline, rows::parcours},
     {rows::allowed, rows::always, Purpose::support, rows::kAxis1}},
    {kSupporters, {rows::waiting}, rows::kActs,
     {rows::allowed, rows::always, Purpose::support, rows::kAxis1}},
    {kSupporters, {rows::invited, rows::partner}, rows::kActs,
     {rows::without_disclosures, rows::always, Purpose::support, rows::kAxis1}},
    {kSupporters, {rows::waiting}, {rows::confided, rows::commission_file},
     {rows::absent, rows::always, Purpose::support, rows::kNecessary}},
    {kSupporters, {rows::invited, rows::partner},
     {rows::confided, rows::referral, rows::commission_file},
     {rows::absent, rows::always, Purpose::support, rows::kNecessary}},

    // Whose part has ended keeps what it was told for what it did, and learns nothing more.
    {kSupporters, {rows::completed, rows::unanswered, rows::former_holder},
     {rows::state, rows::parcours},
     {rows::absent, rows::always, Purpose::support, rows::kMinimal}},
    {kAssociations, {rows::former_applicant}, {rows::state},
     {rows::absent, rows::always, Purpose::support, rows::kMinimal}},
    {kSupporters, {rows::completed}, Set<Kind>{rows::timeline} | rows::kActs,
     {rows::allowed, rows::until_its_end, Purpose::support, rows::kMinimal}},
    {kSupporters, {rows::completed}, {rows::confided, rows::commission_file},
     {rows::allowed, rows::while_grounded, Purpose::support, rows::kGround}},
    {kSupporters, {rows::unanswered, rows::former_holder},
     Set<Kind>{rows::timeline} | rows::kActs,
     {rows::absent, rows::always, Purpose::support, rows::kMinimal}},
    {kSupporters, {rows::unanswered, rows::former_holder},
     {rows::confided, rows::referral, rows::commission_file},
     {rows::absent, rows::always, Purpose::support, rows::kNecessary}},

    // The association that presents the person's application.
    {kAssociations, {rows::applicant},
     Set<Kind>{rows::state, rows::timeline, rows::parcours} | rows::kActs,
     {rows::allowed, rows::always, Purpose::decision, rows::kFile}},
    {kAssociations, {rows::applicant}, {rows::commission_file},
     {rows::allowed, rows::always, Purpose::decision, rows::kNecessary}},
    {kAssociations, {rows::applicant, rows::former_applicant}, {rows::confided},
     {rows::allowed, rows::agreed, Purpose::decision, rows::kGround}},
    {kAssociations, {rows::former_applicant}, {rows::timeline, rows::support_acts},
     {rows::allowed, rows::until_its_end, Purpose::decision, rows::kMinimal}},
    {kAssociations, {rows::former_applicant}, {rows::commission_acts, rows::parcours},
     {rows::allowed, rows::always, Purpose::decision, rows::kFile}},
    {kAssociations, {rows::former_applicant}, {rows::commission_file},
     {rows::allowed, rows::in_parcours, Purpose::decision, rows::kMinimal}},
    {kAssociations, {rows::applicant, rows::former_applicant}, {rows::referral},
     {rows::absent, rows::always, Purpose::decision, rows::kNecessary}},

    // The identity is the préfecture's, and of who wrote it (own acts).
    {kSupporters,
     {rows::holder, rows::invited, rows::waiting, rows::accepted, rows::completed, rows::unanswered,
      rows::former_holder, rows::partner},
     {rows::identity}, {rows::absent, rows::always, Purpose::decision, rows::kAgreed}},
    {kAssociations, {rows::applicant, rows::former_applicant}, {rows::identity},
     {rows::absent, rows::always, Purpose::decision, rows::kAgreed}},
    {kPrefecture, {rows::prefecture}, {rows::identity},
     {rows::allowed, rows::consent_psp, Purpose::decision, rows::kAgreed}},

    // The préfecture decides on the application. How the person is supported is for who does.
    {kPrefecture, {rows::prefecture},
     {rows::state, rows::timeline, rows::commission_acts, rows::parcours},
     {rows::allowed, rows::always, Purpose::decision, rows::kFile}},
    {kPrefecture, {rows::prefecture}, {rows::support_acts},
     {rows::without_disclosures, rows::always, Purpose::decision, rows::kFile}},
    {kPrefecture, {rows::prefecture}, {rows::commission_file},
     {rows::allowed, rows::always, Purpose::decision, rows::kFile}},
    {kPrefecture, {rows::prefecture}, {rows::confided, rows::referral},
     {rows::absent, rows::always, Purpose::decision, rows::kNecessary}},
    {kPrefecture, {rows::prefecture}, {rows::debates},
     {rows::without_disclosures, rows::always, Purpose::decision, rows::kDebated}},
    {kPrefecture, {rows::prefecture}, {rows::referrals},
     {rows::absent, rows::always, Purpose::decision, rows::kNecessary}},

    // Members read the commission's acts on their files, and step back for good.
    {kCommission, {rows::member}, {rows::commission_acts, rows::debates, rows::parcours},
     {rows::without_disclosures, rows::always, Purpose::decision, rows::kDebated}},
    {kCommission, {rows::member}, {rows::receipts},
     {rows::allowed, rows::always, Purpose::proof, rows::kProved}},
    {kCommission, {rows::member},
     Set<Kind>{rows::state, rows::timeline, rows::support_acts, rows::own_acts, rows::referrals,
               rows::deadlines} | rows::kDisclosures,
     {rows::absent, rows::always, Purpose::decision, rows::kMinimal}},
    {kCommission, {rows::stepped_back}, rows::kAllOfCase,
     {rows::absent, rows::always, Purpose::decision, rows::kImpartial}},

    // Debates: mission locales learn the decision. Associations sit, and present.
    {kLocales,
     {rows::holder, rows::invited, rows::waiting, rows::accepted, rows::completed, rows::unanswered,
      rows::former_holder, rows::partner},
     {rows::debates}, {rows::absent, rows::always, Purpose::support, rows::kDebated}},
    {kAssociations, {rows::holder, rows::invited, rows::waiting, rows::accepted, rows::partner},
     {rows::debates}, {rows::without_disclosures, rows::always, Purpose::decision, rows::kDebated}},
    {kAssociations, {rows::applicant, rows::former_applicant}, {rows::debates},
     {rows::without_disclosures, rows::always, Purpose::decision, rows::kDebated}},
    {kAssociations, {rows::completed}, {rows::debates},
     {rows::without_disclosures, rows::until_its_end, Purpose::decision, rows::kDebated}},
    {kAssociations, {rows::unanswered, rows::former_holder}, {rows::debates},
     {rows::absent, rows::always, Purpose::decision, rows::kMinimal}},

    // What one has done oneself, and what one has to do.
    {kSupporters,
     {rows::holder, rows::invited, rows::waiting, rows::accepted, rows::completed, rows::unanswered,
      rows::former_holder, rows::partner},
     {rows::own_acts, rows::referrals, rows::deadlines},
     {rows::allowed, rows::always, Purpose::evidence, rows::kOwn}},
    {kAssociations, {rows::applicant, rows::former_applicant},
     {rows::own_acts, rows::referrals, rows::deadlines},
     {rows::allowed, rows::always, Purpose::evidence, rows::kOwn}},
    {kPrefecture, {rows::prefecture}, {rows::own_acts, rows::deadlines},
     {rows::allowed, rows::always, Purpose::evidence, rows::kOwn}},
    {kSupporters,
     {rows::holder, rows::invited, rows::waiting, rows::accepted, rows::completed, rows::unanswered,
      rows::former_holder, rows::partner},
     {rows::receipts}, {rows::allowed, rows::always, Purpose::proof, rows::kProved}},
    {kAssociations, {rows::applicant, rows::former_applicant}, {rows::receipts},
     {rows::allowed, rows::always, Purpose::proof, rows::kProved}},
    {kPrefecture, {rows::prefecture}, {rows::receipts},
     {rows::allowed, rows::always, Purpose::proof, rows::kProved}},

    // Who looked: for who answers for the case, and for the commission of its files.
    {kSupporters, {rows::holder}, {rows::looks},
     {rows::allowed, rows::always, Purpose::evidence, rows::kAccount}},
    {kPrefecture, {rows::prefecture}, {rows::looks},
     {rows::allowed, rows::always, Purpose::evidence, rows::kAccount}},
    {{schema::Role::PREF, schema::Role::SEC, schema::Role::MEMBER}, {rows::member}, {rows::looks},
     {rows::allowed, rows::always, Purpose::evidence, rows::kAccount}},
    {kAssociations, {rows::member, rows::applicant, rows::former_applicant}, {rows::looks},
     {rows::absent, rows::always, Purpose::evidence, rows::kMinimal}},
    {kSupporters,
     {rows::invited, rows::waiting, rows::accepted, rows::completed, rows::unanswered,
      rows::former_holder, rows::partner},
     {rows::looks}, {rows::absent, rows::always, Purpose::evidence, rows::kMinimal}},
    {kRescuers, {rows::emergency}, {rows::looks},
     {rows::absent, rows::always, Purpose::evidence, rows::kMinimal}},
    {kAnalysts, {rows::analyst}, {rows::looks},
     {rows::absent, rows::always, Purpose::statistics, rows::kPseudonyms}},

    // Anybody else, and who replays the pseudonymised log.
    {kEverybody, {rows::none}, rows::kAllOfCase,
     {rows::absent, rows::always, Purpose::support, rows::kNobody}},
    {kAnalysts, {rows::analyst}, rows::kActs | Set<Kind>{rows::debates},
     {rows::without_disclosures, rows::always, Purpose::statistics, rows::kPseudonyms}},
    {kAnalysts, {rows::analyst},
     Set<Kind>{rows::state, rows::timeline, rows::own_acts, rows::receipts, rows::referrals,
               rows::deadlines, rows::parcours} | rows::kDisclosures,
     {rows::absent, rows::always, Purpose::statistics, rows::kPseudonyms}},

    // Of no case.
    {kPrefecture, {rows::none}, {rows::sessions},
     {rows::without_disclosures, rows::always, Purpose::decision, rows::kDebated}},
    {{schema::Role::MEMBER, schema::Role::AA}, {rows::none}, {rows::sessions},
     {rows::without_disclosures, rows::convened, Purpose::decision, rows::kDebated}},
    {kAnalysts, {rows::none}, {rows::sessions},
     {rows::without_disclosures, rows::always, Purpose::statistics, rows::kPseudonyms}},
    {{schema::Role::ML, schema::Role::UDML, schema::Role::SYSTEM, kOperator, kAnyone},
     {rows::none}, {rows::sessions},
     {rows::absent, rows::always, Purpose::decision, rows::kDebated}},
    {kReaders, {rows::none}, {rows::shared},
     {rows::allowed, rows::always, Purpose::partnership, rows::kPartners}},
    {kReaders, {rows::none}, {rows::indicators},
     {rows::allowed, rows::always, Purpose::statistics, rows::kCells}},
    {kReaders, {rows::none}, {rows::own_looks},
     {rows::allowed, rows::always, Purpose::evidence, rows::kOwn}},
    {kTokenless, {rows::none},
     {rows::shared, rows::own_looks, rows::indicators, rows::log_entries},
     {rows::absent, rows::always, Purpose::partnership, rows::kNobody}},
    {kEverybody, {rows::none}, {rows::log_hashes},
     {rows::allowed, rows::always, Purpose::proof, rows::kPublic}},
    {kAnalysts, {rows::none}, {rows::log_entries},
     {rows::without_disclosures, rows::always, Purpose::statistics, rows::kPseudonyms}},
    {kSignatories, {rows::none}, {rows::log_entries},
     {rows::absent, rows::always, Purpose::statistics, rows::kPseudonyms}},
    {{kOperator}, {rows::none}, {rows::figures},
     {rows::allowed, rows::always, Purpose::operation, rows::kMachine}},
    {kReaders, {rows::none}, {rows::figures},
     {rows::absent, rows::always, Purpose::operation, rows::kMachine}},
    {{kAnyone}, {rows::none}, {rows::figures},
     {rows::absent, rows::always, Purpose::operation, rows::kMachine}},
};
// clang-format on

}  // namespace relais::api
