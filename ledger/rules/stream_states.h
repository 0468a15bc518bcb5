// States of the streams that are not cases, folded from their events.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/base/id.h"
#include "schemas/vocabulary.capnp.h"

namespace relais::rules {

/// docs/DOMAIN.md, section 3: REQUESTED → COMPLETE → {GRANTED, TACITLY_GRANTED, REFUSED}; GRANTED →
/// EXPIRED. INCOMPLETE: documents were asked for. The numbers are stored.
enum class AccreditationPhase : std::uint8_t {
  none = 0,
  requested,
  complete,
  granted,
  tacitly_granted,
  refused,
  expired,
  incomplete,
};
std::string_view to_string(AccreditationPhase p);

/// CASF R121-12-1 and following. Days count from 1970-01-01, in Europe/Paris.
struct Accreditation {
  AccreditationPhase phase = AccreditationPhase::none;
  std::int32_t filed_on = 0;  ///< request, or last supply of documents: the two months run from it
  std::int32_t complete_on = 0;
  std::int32_t granted_on = 0;
  std::int32_t expires_on = 0;  ///< last day it is valid, three years after it was granted
  bool granted() const {
    return phase == AccreditationPhase::granted || phase == AccreditationPhase::tacitly_granted;
  }
  bool valid_on(std::int32_t day) const {
    return granted() && day >= granted_on && day <= expires_on;
  }
};

/// What a signatory can do, in data·inclusion terms, and how much room there is.
struct Capability {
  std::string service_type;
  std::vector<std::string> publics;
  std::vector<std::string> needs;
  std::vector<std::string> territories;
  std::string label;
  schema::CapacityLevel level{};
  std::optional<std::uint32_t> places;
  std::optional<Timestamp> capacity_at;  ///< when the capacity was last said
};

/// Stream signatory/<slug>.
struct SignatoryState {
  Accreditation accreditation;
  std::optional<Accreditation> renewal;  ///< asked for while the accreditation runs, and pending
  std::map<std::string, Capability> capabilities;   ///< by id
  std::map<std::string, std::string> focal_points;  ///< topic (or empty) → mailbox
  std::string commission_capacity;  ///< as what it sits on the commission; empty: it does not
  std::uint32_t open_cases = 0;     ///< that it holds; kept by evolve() for every event of a case
};

/// Stream session/<name>: a session of the departmental commission.
struct SessionState {
  std::int32_t held_on = 0;
  std::set<SignatoryId> members;
  std::uint32_t quorum = 0;
  std::set<Uuid> cases;  ///< files of the session
  bool held = false;
  std::set<SignatoryId> present;
  std::map<Uuid, std::set<SignatoryId>> recused;  ///< by file, what members declared
};

/// Stream library/<name>.
struct LibraryState {
  std::map<std::string, SignatoryId> versions;  ///< of the tool, published so far, and by whom
  SignatoryId publisher;                        ///< who published the first of them
};

template <class Ar>
void archive(Ar& ar, Accreditation& a) {
  ar(a.phase, a.filed_on, a.complete_on, a.granted_on, a.expires_on);
}
template <class Ar>
void archive(Ar& ar, Capability& c) {
  ar(c.service_type, c.publics, c.needs, c.territories, c.label, c.level, c.places, c.capacity_at);
}
template <class Ar>
void archive(Ar& ar, SignatoryState& s) {
  ar(s.accreditation, s.renewal, s.capabilities, s.focal_points, s.commission_capacity,
     s.open_cases);
}
template <class Ar>
void archive(Ar& ar, SessionState& s) {
  ar(s.held_on, s.members, s.quorum, s.cases, s.held, s.present, s.recused);
}
template <class Ar>
void archive(Ar& ar, LibraryState& s) {
  ar(s.versions, s.publisher);
}

}  // namespace relais::rules
