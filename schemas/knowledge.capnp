@0xb6e0194d83fa72c5;
# Axis 2: what is known, shared (stream library/<id>). Nothing here is sensitive.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct TrainingDelivered $P.event((
    name = "training.delivered", axis = knowledge, stream = library,
    source = "Convention, axis 2", precondition = "the date is not in the future; it was of 1 to 100,000 people, and of at most 1,000 hours",
    summary = "A training or awareness session took place.")) {
  theme @0 :Text $P.maxLength(200) $P.inClear("the subject of a training");
  audience @1 :V.TrainingPublic;
  headcount @2 :UInt32;
  heldOn @3 :Text $P.format("date");
  hours @4 :UInt32;
  # 0: not counted
}

struct ToolPublished $P.event((
    name = "tool.published", axis = knowledge, stream = library,
    source = "Convention, axis 2", precondition = "the version is new for this tool",
    summary = "A tool (guide, grid, form) is published in a version, by the hash of its content.")) {
  title @0 :Text $P.maxLength(200) $P.inClear("the title of a published tool");
  version @1 :Text $P.maxLength(40) $P.inClear("the version of a published tool");
  contentHash @2 :Text $P.format("sha256");
  mediaType @3 :Text $P.maxLength(100) $P.inClear("the kind of a file");
  link @4 :Text $P.format("link") $P.optional;
}

struct PracticeShared $P.event((
    name = "practice.shared", axis = knowledge, stream = library,
    source = "Convention, axis 2", precondition = "–",
    summary = "A good practice is shared.")) {
  title @0 :Text $P.maxLength(200) $P.inClear("the title of a practice");
  summary @1 :Text $P.maxLength(4000) $P.inClear("a practice, told to all without a person");
}

struct NeedObserved $P.event((
    name = "need.observed", axis = knowledge, stream = library,
    source = "Convention, axis 2", precondition = "the territory is one of the convention's",
    summary = "A need of a public was observed that the network does not meet.")) {
  audience @0 :Text $P.vocabulary("publics_v1");
  need @1 :Text $P.vocabulary("need");
  territory @2 :Text $P.format("territory");
  summary @3 :Text $P.maxLength(4000) $P.inClear("a need of a public, told to all without a person");
}
