// Inside the module: one connection of the server. It knows Asio, and is included by server.cc and
// connection.cc alone.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "api/http/connections.h"

namespace relais::api {

/// TCP and unix sockets alike: one instantiation of the connection for both.
using Socket = boost::asio::generic::stream_protocol::socket;

/// Serves a connection until it ends. Handlers of the socket's executor never run at the same time.
/// `tls`: null for plain HTTP. `address`: whose share it counts in; empty: it is the unix socket.
void serve(const std::shared_ptr<Connections>& connections, Socket socket,
           boost::asio::ssl::context* tls, const std::string& address);

/// The bytes that answer a connection over the limit, without a connection.
std::string too_many_connections(Admission why);

}  // namespace relais::api
