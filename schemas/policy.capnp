@0xb3a1f0c2d4e59687;
# The annotations by which the schema is the policy (docs/ARCHITECTURE.md, "The schema is the policy"). They are read once, at start-up, by
# ledger/statement/catalogue.cc; nothing else looks at them.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("relais::schema");

enum Role {
  # What a signatory is in the convention. A signatory may have several roles.
  pref @0;      # prefecture, women's rights
  ml @1;        # mission locale
  udml @2;      # departmental union of the missions locales
  aa @3;        # accredited association
  sec @4;       # secretariat of the departmental commission, a role of the prefecture
  member @5;    # institution that sits on the departmental commission
  analyst @6;   # reader of the pseudonymised log
  system @7;    # the ledger's own key: the clock's events, the opening of the convention
}

enum Relation {
  # What the emitter must be to the thing it acts on, beyond its role. Checked by the rule of the event.
  none @0;
  holder @1;             # the signatory now responsible for the case
  author @2;             # who emitted the event that is acted on
  addressee @3;          # whom the referral or the transfer is for
  requesterOrAddressee @4;
  holderOrAccepted @5;   # the holder, or an organisation whose referral on this case was accepted
  self @6;               # the signatory whose stream it is
  founder @7;            # a founding signatory of the convention
  holderOrApplicant @8;  # the holder, or the association that applied for the case's parcours
  notHolder @9;          # anyone but the holder, whether or not it takes part in the case
}

enum StreamKind {
  case @0;
  library @1;
  signatory @2;
  network @3;
  convention @4;
  session @5;
}

enum Axis {
  convention @0;
  detection @1;      # axis 1: detection and support
  knowledge @2;      # axis 2
  competences @3;    # axis 3
  networks @4;       # axis 4
  commission @5;
}

struct EventPolicy {
  name @0 :Text;            # "case.detected": the wire type is relais.<name>.v1
  axis @1 :Axis;
  stream @2 :StreamKind;
  emitters @3 :List(Role);  # empty: any active signatory but the analyst and the system
  relation @4 :Relation;
  opens @5 :Bool;           # true: the event must be the first of its stream; false: it must not
                            # (streams other than case/ open themselves with any event)
  source @6 :Text;          # law article, or part of the convention
  precondition @7 :Text;    # in words, as printed in the catalogue
  summary @8 :Text;         # one sentence
}

annotation event(struct) :EventPolicy;
annotation wire(enumerant) :Text;      # the value on the wire where snake_case of the name is not it
annotation sensitive(field) :Void;     # [S]: only ever as an SD-JWT disclosure, erasable, never in the log
annotation sealed(field) :List(Role);  # a sensitive member that must be sealed, at least to signatories of these roles, once
                                       # they have sealing keys; any other sensitive member may be
annotation optional(field) :Void;      # the member may be absent; without this annotation it is required
annotation requiredWhen(field) :Text;  # "decision=refused": a sensitive member that may be absent otherwise
annotation inClear(field) :Text;       # why a free text is not sensitive; each that is not says it
annotation vocabulary(field) :Text;    # a Text (or list of Text) member takes its values from this vocabulary
annotation format(field) :Text;        # uuid | date | timestamp | sha256 | uri | signatory | kid | ed25519 | x25519 | jwt |
                                       # territory | slug | email | siret | link | postal_code | telephone
annotation maxLength(field) :UInt32;   # of a text, in bytes; or of a list, in elements (texts: 2,000; lists: 100)
annotation minLetters(field) :UInt32;  # letters and digits of a text, at least: blanks and marks say nothing
