// The generic syntax of URIs (RFC 3986), as far as a check needs it. Internal to this module.
#pragma once

#include <string_view>

namespace relais::statement {

/// Whether the text is a URI with a scheme (RFC 3986, section 3).
bool is_uri(std::string_view text);
/// Whether the text is a URI that a browser opens and nothing else: http or https, a host, nobody's
/// name or password in front of it (RFC 9110, sections 4.2.1 to 4.2.4).
bool is_link(std::string_view text);
/// Whether the text is a URI or a relative reference (section 4.1). The empty text is one.
bool is_uri_reference(std::string_view text);

}  // namespace relais::statement
