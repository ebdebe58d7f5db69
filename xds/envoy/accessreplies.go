package envoy

import (
	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	cel "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// accessReplies are the answers to who is not let in. They are told from a route's own 401 by the details that the
// filters give. A challenge comes with each 401 (RFC 9110, section 11.6.1); the filter of tokens writes its own.
func accessReplies() []*hcm.ResponseMapper {
	const notInForce = "this route's access policy is not in force yet"
	return []*hcm.ResponseMapper{
		{
			Filter:             both(details(`== "missing_api_key"`), notGRPC()),
			BodyFormatOverride: jsonError("an API key is needed here, and the request has none"),
			HeadersToAdd:       []*core.HeaderValueOption{overwrite("www-authenticate", "Bearer")},
		},
		{
			Filter:             both(details(`== "unknown_api_key"`), notGRPC()),
			BodyFormatOverride: jsonError("the request's API key is not one that is let in here"),
			HeadersToAdd:       []*core.HeaderValueOption{overwrite("www-authenticate", `Bearer error="invalid_token"`)},
		},
		{
			// Envoy's own words would list the other policies.
			Filter:             both(details(`.contains("requirement_name")`), notGRPC()),
			BodyFormatOverride: jsonError(notInForce),
		},
		{
			Filter: details(`.contains("requirement_name")`),
			BodyFormatOverride: &core.SubstitutionFormatString{
				Format: &core.SubstitutionFormatString_TextFormatSource{TextFormatSource: inline(notInForce)},
			},
		},
		{
			Filter:             both(details(`.startsWith("jwt_authn_access_denied")`), notGRPC()),
			BodyFormatOverride: jsonError("%LOCAL_REPLY_BODY%"),
		},
	}
}

// details matches an answer's details, by the rest of an expression in the Common Expression Language.
func details(condition string) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_ExtensionFilter{
		ExtensionFilter: &accesslog.ExtensionFilter{
			Name: "envoy.access_loggers.extension_filters.cel",
			ConfigType: &accesslog.ExtensionFilter_TypedConfig{TypedConfig: pack(&cel.ExpressionFilter{
				Expression: "response.code_details" + condition,
			})},
		},
	}}
}
