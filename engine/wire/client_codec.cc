// The requests of clients and their replies.
#include "engine/wire/client.capnp.h"
#include "engine/wire/codec.h"
#include "engine/wire/message_body.h"

namespace synchrodb {
namespace {

using wire::as_data;
using wire::as_string;
using wire::FieldCheck;
using wire::words_for;

// Root pointer, the root, and what it always points to; generous.
constexpr std::size_t kFixedWords = 24;
constexpr std::size_t kReplyWords = 3;
// As many as a configuration may have.
constexpr std::size_t kMaxChangedNodes = 1024;  // in all

std::size_t changed_nodes(const ConfigurationChange& change) {
  return change.add_voters.size() + change.add_learners.size() + change.remove.size();
}

std::size_t content_words(const ClientRequest& request) {
  return words_for(request.payload.size()) + changed_nodes(request.change);
}

// Of what hangs below the reply. False: it nests deeper than `depth`.
bool add_content_words(const Reply& reply, int depth, std::size_t& words) {
  switch (reply.kind()) {
    case Reply::Kind::kStatus:
    case Reply::Kind::kError:
    case Reply::Kind::kBulk:
    case Reply::Kind::kVerbatim:
      words += words_for(reply.text().size());
      return true;
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush:
      if (depth == 0) return false;
      words += 1 + kReplyWords * reply.elements().size();
      for (const Reply& element : reply.elements()) {
        if (!add_content_words(element, depth - 1, words)) return false;
      }
      return true;
    case Reply::Kind::kNil:
    case Reply::Kind::kNilArray:
    case Reply::Kind::kInteger:
    case Reply::Kind::kDouble:
    case Reply::Kind::kBoolean:
      return true;
  }
  return false;
}

// --- Encoding

void write(capnp::List<std::uint64_t>::Builder out, const std::vector<NodeId>& in) {
  for (unsigned i = 0; i < out.size(); ++i) out.set(i, in[i].value);
}

void write(wire::ConfigurationChange::Builder out, const ConfigurationChange& in) {
  write(out.initAddVoters(static_cast<unsigned>(in.add_voters.size())), in.add_voters);
  write(out.initAddLearners(static_cast<unsigned>(in.add_learners.size())), in.add_learners);
  write(out.initRemove(static_cast<unsigned>(in.remove.size())), in.remove);
}

void write(wire::ClientRequest::Builder out, const ClientRequest& in) {
  out.setKind(static_cast<wire::ClientRequest::Kind>(in.kind));
  out.setGroup(in.group.value);
  out.setTarget(in.target.value);
  if (!in.payload.empty()) out.setPayload(as_data(in.payload));
  if (changed_nodes(in.change) > 0) write(out.initChange(), in.change);
}

void write(wire::Reply::Builder out, const Reply& in);

void write(capnp::List<wire::Reply>::Builder out, const std::vector<Reply>& in) {
  for (unsigned i = 0; i < out.size(); ++i) write(out[i], in[i]);
}

void write(wire::Reply::Builder out, const Reply& in) {
  switch (in.kind()) {
    case Reply::Kind::kNil:
      out.setNil();
      break;
    case Reply::Kind::kNilArray:
      out.setNilArray();
      break;
    case Reply::Kind::kStatus:
      out.setStatus(as_data(in.text()));
      break;
    case Reply::Kind::kError:
      out.setError(as_data(in.text()));
      break;
    case Reply::Kind::kInteger:
      out.setInteger(in.number());
      break;
    case Reply::Kind::kBulk:
      out.setBulk(as_data(in.text()));
      break;
    case Reply::Kind::kDouble:
      out.setReal(in.real_number());
      break;
    case Reply::Kind::kArray:
      write(out.initArray(static_cast<unsigned>(in.elements().size())), in.elements());
      break;
    case Reply::Kind::kMap:
      write(out.initMap(static_cast<unsigned>(in.elements().size())), in.elements());
      break;
    case Reply::Kind::kBoolean:
      out.setBoolean(in.number() != 0);
      break;
    case Reply::Kind::kVerbatim:
      out.setVerbatim(as_data(in.text()));
      break;
    case Reply::Kind::kSet:
      write(out.initSet(static_cast<unsigned>(in.elements().size())), in.elements());
      break;
    case Reply::Kind::kPush:
      write(out.initPush(static_cast<unsigned>(in.elements().size())), in.elements());
      break;
  }
}

void write(wire::ClientReply::Builder out, const ClientReply& in) {
  out.setStatus(static_cast<wire::ClientReply::Status>(in.status));
  if (in.reply.kind() != Reply::Kind::kNil) write(out.initReply(), in.reply);
  out.setLeader(in.leader.value);
  if (!in.why.empty()) out.setWhy(as_data(in.why));
  out.setTerm(in.term.value);
  out.setIndex(in.index.value);
}

// The schema's enumerators are the code's, so that a cast converts.
static_assert(static_cast<int>(ClientRequest::Kind::kStatus) ==
              static_cast<int>(wire::ClientRequest::Kind::STATUS));
static_assert(static_cast<int>(ClientReply::Status::kOverloaded) ==
              static_cast<int>(wire::ClientReply::Status::OVERLOADED));

// --- Decoding

std::vector<NodeId> read(capnp::List<std::uint64_t>::Reader in, const char* list,
                         FieldCheck& check) {
  std::vector<NodeId> out;
  for (unsigned i = 0; i < in.size() && check.ok(); ++i) {
    check.enter(list, i);
    out.push_back(check.node(in[i], "node"));
  }
  check.enter(nullptr);
  return out;
}

ConfigurationChange read(wire::ConfigurationChange::Reader in, FieldCheck& check) {
  ConfigurationChange out;
  const auto voters = in.getAddVoters(), learners = in.getAddLearners(), removed = in.getRemove();
  check.require(std::size_t{voters.size()} + learners.size() + removed.size() <= kMaxChangedNodes,
                "change", "more than 1024 nodes");
  out.add_voters = read(voters, "change.add_voters", check);
  out.add_learners = read(learners, "change.add_learners", check);
  out.remove = read(removed, "change.remove", check);
  return out;
}

ClientRequest read_request(wire::ClientRequest::Reader in, FieldCheck& check) {
  using Kind = ClientRequest::Kind;
  ClientRequest out;
  if (in.getKind() > wire::ClientRequest::Kind::STATUS) {
    check.unknown("kind", static_cast<std::uint64_t>(in.getKind()));
    return out;
  }
  out.kind = static_cast<Kind>(in.getKind());
  out.group = GroupId{in.getGroup()};
  out.target = NodeId{in.getTarget()};
  out.payload = as_string(in.getPayload());
  out.change = read(in.getChange(), check);
  const bool reads =
      out.kind == Kind::kRead || out.kind == Kind::kLeaseRead || out.kind == Kind::kStaleRead;
  if (out.kind == Kind::kWrite) check.require(!out.payload.empty(), "payload", "empty in a write");
  if (reads) check.require(!out.payload.empty(), "payload", "empty in a read");
  return out;
}

Reply read(wire::Reply::Reader in, int depth, FieldCheck& check);

std::vector<Reply> read(capnp::List<wire::Reply>::Reader in, int depth, FieldCheck& check) {
  std::vector<Reply> out;
  check.require(depth > 0, "reply", "nested too deep");
  if (!check.ok()) return out;
  out.reserve(in.size());
  for (unsigned i = 0; i < in.size() && check.ok(); ++i) {
    out.push_back(read(in[i], depth - 1, check));
  }
  return out;
}

// Children nest at most `depth` deep.
Reply read(wire::Reply::Reader in, int depth, FieldCheck& check) {
  switch (in.which()) {
    case wire::Reply::NIL:
      return Reply::nil();
    case wire::Reply::NIL_ARRAY:
      return Reply::nil_array();
    case wire::Reply::STATUS:
      return Reply::status(as_string(in.getStatus()));
    case wire::Reply::ERROR:
      return Reply::error(as_string(in.getError()));
    case wire::Reply::INTEGER:
      return Reply::integer(in.getInteger());
    case wire::Reply::BULK:
      return Reply::bulk(as_string(in.getBulk()));
    case wire::Reply::REAL:
      return Reply::real(in.getReal());
    case wire::Reply::ARRAY:
      return Reply::array(read(in.getArray(), depth, check));
    case wire::Reply::MAP: {
      const auto elements = in.getMap();
      check.require(elements.size() % 2 == 0, "reply", "a map's last key has no value");
      if (!check.ok()) return Reply::nil();
      return Reply::map(read(elements, depth, check));
    }
    case wire::Reply::BOOLEAN:
      return Reply::boolean(in.getBoolean());
    case wire::Reply::VERBATIM:
      return Reply::verbatim(as_string(in.getVerbatim()));
    case wire::Reply::SET:
      return Reply::set(read(in.getSet(), depth, check));
    case wire::Reply::PUSH:
      return Reply::push(read(in.getPush(), depth, check));
  }
  check.unknown("reply", static_cast<std::uint64_t>(in.which()));
  return Reply::nil();
}

ClientReply read_reply(wire::ClientReply::Reader in, FieldCheck& check) {
  ClientReply out;
  if (in.getStatus() > wire::ClientReply::Status::OVERLOADED) {
    check.unknown("status", static_cast<std::uint64_t>(in.getStatus()));
    return out;
  }
  out.status = static_cast<ClientReply::Status>(in.getStatus());
  out.reply = read(in.getReply(), kMaxReplyDepth, check);
  out.leader = NodeId{in.getLeader()};
  out.why = as_string(in.getWhy());
  out.term = check.term(in.getTerm(), "term");
  out.index = check.index(in.getIndex(), "index");
  return out;
}

// False: nests too deep.
bool measure(const ClientReply& reply, std::size_t& words) {
  words = kFixedWords + words_for(reply.why.size());
  return add_content_words(reply.reply, kMaxReplyDepth, words);
}

}  // namespace

bool fits_frame(const ClientRequest& request) {
  return changed_nodes(request.change) <= kMaxChangedNodes &&
         wire::words_fit_frame(kFixedWords + content_words(request));
}

bool fits_frame(const ClientReply& reply) {
  std::size_t words = 0;
  return measure(reply, words) && wire::words_fit_frame(words);
}

std::string encode_frame(const ClientRequest& request) {
  SYNCHRODB_ASSERT(fits_frame(request), "a request must fit its frame");
  wire::FrameBuilder builder(kFixedWords + content_words(request));
  write(builder.initRoot<wire::ClientRequest>(), request);
  return builder.finish(FrameKind::kClientRequest);
}

std::string encode_frame(const ClientReply& reply) {
  std::size_t words = 0;
  const bool shallow = measure(reply, words);
  SYNCHRODB_ASSERT(shallow && wire::words_fit_frame(words), "a reply must fit its frame");
  wire::FrameBuilder builder(words);
  write(builder.initRoot<wire::ClientReply>(), reply);
  return builder.finish(FrameKind::kClientReply);
}

Result<ClientRequest> decode_request_frame(std::string_view frame) {
  return wire::read_frame<wire::ClientRequest, ClientRequest>(frame, FrameKind::kClientRequest,
                                                              "client request", read_request);
}

Result<ClientReply> decode_reply_frame(std::string_view frame) {
  return wire::read_frame<wire::ClientReply, ClientReply>(frame, FrameKind::kClientReply,
                                                          "client reply", read_reply);
}

}  // namespace synchrodb
