// Inside the module: the keys and values of the read models' records, written by the folds and read
// by the questions. Numbers are big-endian, so that key order is number order.
//
// clang-format off
//   key                                                  value
//   'p' ‖ u16 signatory ‖ case                           empty: who takes part in which case
//   'f' ‖ u16 member ‖ case                              1: has it before it in a session; 0: stepped back
//   'a' ‖ case                                           empty: its parcours was applied for
//   'x' ‖ u16 signatory                                  Timestamp: its last emergency access ends
//   'T' ‖ case ‖ u32 version                             TimelineItem
//   'R' ‖ case ‖ referral                                Referral
//   'M' ‖ u16 signatory ‖ box ‖ open ‖ u64 ~requested    case ‖ referral; ~: newest first
//   'S' ‖ u16 signatory ‖ u64 row                        who signed which of 256 events, a byte each
//   'Y' ‖ u16 type ‖ u64 row                             which of them are of a type
//   'E' ‖ place                                          Deadline: those at which the clock signs
//   'W' ‖ u16 signatory ‖ place                          Deadline: those one has to meet, or waits for
//   'd' ‖ stream key                                     the stream's deadlines
//   'e'                                                  key of 'd' up to which the last amendment
//                                                        is followed; absent: everywhere
//   'K' ‖ need ‖ 0 ‖ u16 signatory ‖ capability          empty: who declares a capability for a need
//   'k' ‖ u16 signatory                                  the signatory's keys of 'K'
//   'I' ‖ indicator ‖ u32 period ‖ dimension ‖ u16 value Count, in one cell of a fixed table
//   'V' ‖ u32 ~day ‖ session                             SessionRecord; ~: the latest day first
//   'O' ‖ session ‖ 0 ‖ case ‖ u32 version               Opinion: what the session said of the case
//   'B' ‖ shelf ‖ u64 ~index                             SharedRecord; ~: newest first
//   'b' ‖ kind ‖ what it is                              u64 index of its newest act
// clang-format on
//
// Row n is of the events from 256 n on; it is written with the last of them. A place is u64 due
// time ‖ u8 kind ‖ stream key ‖ what it is about. A case or a referral is the 16 bytes of its UUID;
// box is 0 inbox, 1 outbox; open is 0 or 1. The world's own records stand in
// ledger/rules/world_state.h; "P" is the position of all of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "ledger/base/archive.h"
#include "ledger/base/bytes.h"
#include "ledger/base/id.h"
#include "projections/read.h"

namespace relais::projections {

inline constexpr std::string_view kParticipationPrefix = "p";
inline constexpr std::string_view kFilePrefix = "f";
inline constexpr std::string_view kAppliedPrefix = "a";
inline constexpr std::string_view kEmergencyPrefix = "x";
inline constexpr std::string_view kTimelinePrefix = "T";
inline constexpr std::string_view kReferralPrefix = "R";
inline constexpr std::string_view kMailboxPrefix = "M";
inline constexpr std::string_view kSignatoryPrefix = "S";
inline constexpr std::string_view kTypePrefix = "Y";
inline constexpr std::string_view kDeadlineEffectPrefix = "E";
inline constexpr std::string_view kDeadlineForPrefix = "W";
inline constexpr std::string_view kDeadlinesOfPrefix = "d";
inline constexpr std::string_view kDeadlinesDerivedKey = "e";
inline constexpr std::string_view kCapabilityPrefix = "K";
inline constexpr std::string_view kCapabilitiesOfPrefix = "k";
inline constexpr std::string_view kIndicatorPrefix = "I";
inline constexpr std::string_view kSessionPrefix = "V";
inline constexpr std::string_view kOpinionPrefix = "O";
inline constexpr std::string_view kShelfPrefix = "B";
inline constexpr std::string_view kNewestPrefix = "b";

inline constexpr std::size_t kUuidBytes = 16;

/// Keys are built in place, in buffers that a fold reuses from event to event.
template <class... Part>
void set_key(std::string& key, std::string_view prefix, const Part&... parts) {
  std::array<char, (sizeof(Part) + ... + 0)> bytes;  // of a Uuid there are two numbers
  char* at = bytes.data();
  const auto put = [&at](auto number) {
    for (std::size_t i = sizeof(number); i-- > 0;)
      *at++ = static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  };
  const auto append = [&put](const auto& part) {
    if constexpr (std::is_same_v<std::decay_t<decltype(part)>, Uuid>) {
      put(part.high);
      put(part.low);
    } else {
      put(part);
    }
  };
  (append(parts), ...);
  key.assign(prefix).append(bytes.data(), bytes.size());
}
template <class... Part>
std::string make_key(std::string_view prefix, const Part&... parts) {
  std::string key;
  set_key(key, prefix, parts...);
  return key;
}

inline std::uint8_t box_byte(Box box) {
  return box == Box::inbox ? 0 : 1;
}

template <class Ar>
void archive(Ar& ar, TimelineItem& i) {
  ar(i.version, i.index, i.type, i.signatory, i.time, i.received_at, i.id, i.phase, i.withheld,
     i.target, i.reason);
}

template <class Ar>
void archive(Ar& ar, Count& c) {
  ar(c.facts, c.persons);
}

template <class Ar>
void archive(Ar& ar, SessionRecord& r) {
  ar(r.convened_at, r.held_at, r.minutes_hash);
}

template <class Ar>
void archive(Ar& ar, Opinion& o) {
  ar(o.version, o.index, o.opinion, o.in_favour, o.against, o.abstained, o.given_at);
}

/// Of an act on what is shared.
struct SharedRecord {
  SharedKind kind{};
  std::optional<LogIndex> replaced_by;
};
template <class Ar>
void archive(Ar& ar, SharedRecord& r) {
  ar(r.kind, r.replaced_by);
}

}  // namespace relais::projections
