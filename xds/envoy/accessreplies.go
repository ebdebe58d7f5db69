package envoy

import (
	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
)

// accessReplies are the answers to who is not let in. They are told from a route's own 401 by the details that the
// filters give. A challenge comes with each 401 (RFC 9110, section 11.6.1); the filter of tokens writes its own.
func accessReplies() []reply {
	return []reply{
		{when: details(`== "missing_api_key"`), text: "an API key is needed here, and the request has none", challenge: "Bearer"},
		{when: details(`== "unknown_api_key"`), text: "the request's API key is not one that is let in here", challenge: `Bearer error="invalid_token"`},
		// Envoy's own words would list the other policies.
		{when: details(`.contains("requirement_name")`), text: "this route's access policy is not in force yet"},
		{when: details(`.startsWith("jwt_authn_access_denied")`), text: "%LOCAL_REPLY_BODY%"},
	}
}

// details matches an answer's details, by the rest of an expression in the Common Expression Language.
func details(condition string) *accesslog.AccessLogFilter {
	return expression("response.code_details" + condition)
}
