package tokenconfig_test

import "github.com/tokenacl/tokenacl/tokenconfig"

const (
	secretARN = "arn:aws:secretsmanager:us-west-2:111122223333:secret:my-user-context-secret-AbCdEf"
	keysURL   = "https://idp.example.com/.well-known/jwks.json"
)

// A document is one text and what Parse makes of it.
type document struct {
	name    string
	text    string
	options tokenconfig.Options
	want    tokenconfig.Config // when it is accepted
	refused []string           // when it is refused: path, colon and reason of each problem
}

// jwt returns a document with the members of one JwtTokenTypeConfiguration.
func jwt(members string) string {
	return `{"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{` + members + `}}]}`
}

func jsonToken(members string) string {
	return `{"UserTokenConfigurations":[{"JsonTokenTypeConfiguration":{` + members + `}}]}`
}

const (
	atToken = "/UserTokenConfigurations/0"
	atJWT   = atToken + "/JwtTokenTypeConfiguration"
	atJSON  = atToken + "/JsonTokenTypeConfiguration"
)

var fromURL = tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL, URL: keysURL}

// accepted are documents as the API, its guides and its SDKs write them.
var accepted = []document{
	{
		name: "create-index, shared secret", text: `{
			"Name": "user-context", "Edition": "ENTERPRISE_EDITION", "RoleArn": "arn:aws:iam::111122223333:role/my-role",
			"UserTokenConfigurations": [ { "JwtTokenTypeConfiguration": {
				"KeyLocation": "SECRET_MANAGER", "Issuer": "https://idp.example.com", "ClaimRegex": "search-.*",
				"UserNameAttributeField": "username", "GroupAttributeField": "groups", "SecretManagerArn": "` + secretARN + `" } } ],
			"UserContextPolicy": "USER_TOKEN" }`,
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{
			KeyLocation: tokenconfig.KeySecretManager, SecretManagerARN: secretARN, Issuer: "https://idp.example.com", ClaimRegex: "search-.*",
			UserNameAttributeField: "username", GroupAttributeField: "groups"}},
	},
	{
		name: "guide's name of the list", text: `{"UserTokenConfigurationList":[{"JwtTokenTypeConfiguration":{"KeyLocation":"SECRET_MANAGER","SecretManagerArn":"` + secretARN + `"}}]}`,
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeySecretManager, SecretManagerARN: secretARN}},
	},
	{
		name: "create-index, OpenID", text: `{"ClientToken":"x","Tags":[{"Key":"a","Value":null}],"ServerSideEncryptionConfiguration":{"KmsKeyId":"k"},
			"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{"KeyLocation":"URL","URL":"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI/.well-known/jwks.json",
			"UserNameAttributeField":"cognito:username","GroupAttributeField":"cognito:groups"}}]}`,
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL,
			URL:                    "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI/.well-known/jwks.json",
			UserNameAttributeField: "cognito:username", GroupAttributeField: "cognito:groups"}},
	},
	{
		name: "update-index, JSON token", text: `{"Id":"0123","CapacityUnits":{"QueryCapacityUnits":1},"DocumentMetadataConfigurationUpdates":[{"Name":"_x","Search":{"Facetable":true}}],
			"UserTokenConfigurations":[{"JsonTokenTypeConfiguration":{"UserNameAttributeField":"username","GroupAttributeField":"groups"}}],"UserContextPolicy":"USER_TOKEN",
			"UserGroupResolutionConfiguration":{"UserGroupResolutionMode":"NONE"}}`,
		want: tokenconfig.Config{JSON: &tokenconfig.JSON{UserNameAttributeField: "username", GroupAttributeField: "groups"}},
	},
	{
		name: "describe-index, as the SDK for Python prints it", text: `{"Name":"i","Id":"0123","Edition":"DEVELOPER_EDITION","RoleArn":"r","Status":"ACTIVE","Description":"","CreatedAt":"2026-01-02 03:04:05+00:00","UpdatedAt":1767323045.5,
			"ErrorMessage":"","DocumentMetadataConfigurations":[{"Name":"_authors","Relevance":{"Importance":1}}],"IndexStatistics":{"FaqStatistics":{"IndexedQuestionAnswersCount":0}},"CapacityUnits":{},"ServerSideEncryptionConfiguration":{},
			"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{"KeyLocation":"URL","URL":"` + keysURL + `"}}],"UserContextPolicy":"USER_TOKEN",
			"UserGroupResolutionConfiguration":{"UserGroupResolutionMode":"AWS_SSO"},"ResponseMetadata":{"RetryAttempts":0,"HTTPHeaders":{"x":null}}}`,
		want: tokenconfig.Config{JWT: &fromURL, GroupResolution: tokenconfig.AWSSSO},
	},
	{
		name: "describe-index, as the SDK for JavaScript prints it", text: `{"$metadata":{"httpStatusCode":200},"UserContextPolicy":"ATTRIBUTE_FILTER","UserTokenConfigurations":[]}`,
		want: tokenconfig.Config{Policy: tokenconfig.AttributeFilter},
	},
	{
		name: "attribute filter without tokens", text: `{"UserContextPolicy":"ATTRIBUTE_FILTER"}`,
		want: tokenconfig.Config{Policy: tokenconfig.AttributeFilter},
	},
	{
		name: "attribute filter with a token", text: `{"UserContextPolicy":"ATTRIBUTE_FILTER",` + jwt(`"KeyLocation":"URL","URL":"` + keysURL + `"`)[1:],
		want: tokenconfig.Config{Policy: tokenconfig.AttributeFilter, JWT: &fromURL},
	},
	{name: "policy left out", text: jwt(`"KeyLocation":"URL","URL":"` + keysURL + `"`), want: tokenconfig.Config{JWT: &fromURL}},
	{
		name: "key location URL, an unused secret beside it", text: jwt(`"KeyLocation":"URL","URL":"` + keysURL + `","SecretManagerArn":"` + secretARN + `"`),
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL, URL: keysURL, SecretManagerARN: secretARN}},
	},
	{
		name: "key location secret, an unused URL beside it", text: jwt(`"KeyLocation":"SECRET_MANAGER","URL":"` + keysURL + `","SecretManagerArn":"` + secretARN + `"`),
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeySecretManager, URL: keysURL, SecretManagerARN: secretARN}},
	},
	{
		name: "Gen AI edition", text: `{"Edition":"GEN_AI_ENTERPRISE_EDITION","UserContextPolicy":"ATTRIBUTE_FILTER","UserTokenConfigurations":[],"UserGroupResolutionConfiguration":{"UserGroupResolutionMode":"NONE"}}`,
		want: tokenconfig.Config{Policy: tokenconfig.AttributeFilter},
	},
	{
		name: "http, allowed", text: jwt(`"KeyLocation":"URL","URL":"http://localhost:8080/jwks.json"`), options: tokenconfig.Options{InsecureAllowHTTP: true},
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL, URL: "http://localhost:8080/jwks.json", InsecureAllowHTTP: true}},
	},
	{
		name: "pointer and URL as claim names", text: jwt(`"KeyLocation":"URL","URL":"` + keysURL + `","UserNameAttributeField":"https://example.com/user","GroupAttributeField":"/realm_access/roles"`),
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL, URL: keysURL, UserNameAttributeField: "https://example.com/user", GroupAttributeField: "/realm_access/roles"}},
	},
	{
		name: "a slash in a name is not one in a pointer", text: jwt(`"KeyLocation":"URL","URL":"` + keysURL + `","UserNameAttributeField":"a/b","GroupAttributeField":"/a/b"`),
		want: tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeyURL, URL: keysURL, UserNameAttributeField: "a/b", GroupAttributeField: "/a/b"}},
	},
	{
		name: "escaped member name and value", text: jwt(`"Key\u004cocation":"U\u0052L","URL":"https:\/\/idp.example.com\/.well-known\/jwks.json"`),
		want: tokenconfig.Config{JWT: &fromURL},
	},
}

const (
	urlMissing     = atJWT + "/URL: is missing, although KeyLocation is URL"
	secretMissing  = atJWT + "/SecretManagerArn: is missing, although KeyLocation is SECRET_MANAGER"
	tokensMissing  = "/UserTokenConfigurations: is missing or empty, although UserContextPolicy is USER_TOKEN, which it also is when it is not given"
	bothKinds      = atToken + ": has both JwtTokenTypeConfiguration and JsonTokenTypeConfiguration"
	neitherKind    = atToken + ": has neither JwtTokenTypeConfiguration nor JsonTokenTypeConfiguration"
	sameClaim      = "/GroupAttributeField: is the same claim as UserNameAttributeField"
	httpURL        = atJWT + "/URL: has the scheme http, so that anybody on the way can exchange the keys"
	genAIPolicy    = "/UserContextPolicy: is USER_TOKEN, or not given, which GEN_AI_ENTERPRISE_EDITION does not support"
	genAINot       = ": is not supported by GEN_AI_ENTERPRISE_EDITION"
	noValueOfThese = ": is none of the values that Kendra has"
)

// okJWT has the two members that make every other member of a JWT's configuration
// the only problem.
const okJWT = `"KeyLocation":"URL","URL":"` + keysURL + `",`

var refused = []document{
	{name: "empty", text: "", refused: []string{": is not strict JSON: text ends too early at byte 0"}},
	{name: "broken", text: `{"Name":}`, refused: []string{": is not strict JSON: not a value at byte 8"}},
	{name: "duplicate member", text: `{"UserContextPolicy":"ATTRIBUTE_FILTER","UserContextPolic\u0079":"USER_TOKEN"}`, refused: []string{": is not strict JSON: duplicate member name at byte 40"}},
	{name: "byte order mark", text: "\ufeff{}", refused: []string{": is not strict JSON: byte order mark at byte 0"}},
	{name: "comment", text: "// {}", refused: []string{": is not strict JSON: not a value at byte 0"}},
	{name: "list", text: "[]", refused: []string{": is of type array"}},
	{name: "string", text: `""`, refused: []string{": is of type string"}},
	{name: "null", text: "null", refused: []string{": is null"}},
	{name: "nothing declared", text: "{}", refused: []string{tokensMissing}},
	{name: "tokens empty", text: `{"UserTokenConfigurations":[],"UserContextPolicy":"USER_TOKEN"}`, refused: []string{tokensMissing}},
	{name: "alias empty", text: `{"UserTokenConfigurationList":[]}`, refused: []string{tokensMissing}},
	{name: "tokens null", text: `{"UserTokenConfigurations":null}`, refused: []string{"/UserTokenConfigurations: is null"}},
	{name: "tokens not a list", text: `{"UserTokenConfigurations":{}}`, refused: []string{"/UserTokenConfigurations: is of type object"}},
	{name: "two tokens", text: `{"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{` + okJWT[:len(okJWT)-1] + `}},{}]}`, refused: []string{"/UserTokenConfigurations: has 2 elements"}},
	{name: "three tokens, the first one wrong", text: `{"UserTokenConfigurations":[{},1,null]}`, refused: []string{"/UserTokenConfigurations: has 3 elements", neitherKind}},
	{name: "both lists", text: `{"UserTokenConfigurations":[],"UserTokenConfigurationList":[{}],"UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserTokenConfigurationList: is given besides UserTokenConfigurations"}},
	{name: "both lists, alias first", text: `{"UserTokenConfigurationList":[{}],"UserTokenConfigurations":[]}`, refused: []string{"/UserTokenConfigurationList/0: has neither JwtTokenTypeConfiguration nor JsonTokenTypeConfiguration", "/UserTokenConfigurations: is given besides UserTokenConfigurationList"}},
	{name: "token null", text: `{"UserTokenConfigurations":[null]}`, refused: []string{atToken + ": is null"}},
	{name: "token a string", text: `{"UserTokenConfigurations":["URL"]}`, refused: []string{atToken + ": is of type string"}},
	{name: "neither kind", text: `{"UserTokenConfigurations":[{}]}`, refused: []string{neitherKind}},
	{name: "neither kind, a near miss", text: `{"UserTokenConfigurations":[{"JWTTokenTypeConfiguration":{}}]}`, refused: []string{atToken + "/JWTTokenTypeConfiguration: is unknown", neitherKind}},
	{name: "both kinds", text: `{"UserTokenConfigurations":[{"JsonTokenTypeConfiguration":{"UserNameAttributeField":"u","GroupAttributeField":"g"},"JwtTokenTypeConfiguration":{` + okJWT + `"Issuer":"i"}}]}`, refused: []string{bothKinds}},
	{name: "kind null", text: `{"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":null}]}`, refused: []string{atJWT + ": is null"}},
	{name: "kind a list", text: `{"UserTokenConfigurations":[{"JsonTokenTypeConfiguration":[]}]}`, refused: []string{atJSON + ": is of type array"}},
	{name: "one kind null beside the other", text: `{"UserTokenConfigurations":[{"JsonTokenTypeConfiguration":null,"JwtTokenTypeConfiguration":{` + okJWT + `"Issuer":"i"}}]}`, refused: []string{atJSON + ": is null", bothKinds}},

	{name: "policy unknown", text: `{"UserContextPolicy":"user_token"}`, refused: []string{"/UserContextPolicy" + noValueOfThese}},
	{name: "policy null", text: `{"UserContextPolicy":null}`, refused: []string{"/UserContextPolicy: is null"}},
	{name: "policy empty", text: `{"UserContextPolicy":""}`, refused: []string{"/UserContextPolicy" + noValueOfThese}},
	{name: "policy a number", text: `{"UserContextPolicy":1}`, refused: []string{"/UserContextPolicy: is of type number"}},
	{name: "edition unknown", text: `{"Edition":"GEN_AI_EDITION","UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/Edition" + noValueOfThese}},
	{name: "edition a boolean", text: `{"Edition":true,"UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/Edition: is of type boolean"}},
	{name: "resolution null", text: `{"UserGroupResolutionConfiguration":null,"UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserGroupResolutionConfiguration: is null"}},
	{name: "resolution a string", text: `{"UserGroupResolutionConfiguration":"NONE","UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserGroupResolutionConfiguration: is of type string"}},
	{name: "resolution without a mode", text: `{"UserGroupResolutionConfiguration":{},"UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserGroupResolutionConfiguration/UserGroupResolutionMode: is missing"}},
	{name: "resolution with another member", text: `{"UserGroupResolutionConfiguration":{"Mode":"NONE"},"UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserGroupResolutionConfiguration/Mode: is unknown", "/UserGroupResolutionConfiguration/UserGroupResolutionMode: is missing"}},
	{name: "resolution mode unknown", text: `{"UserGroupResolutionConfiguration":{"UserGroupResolutionMode":"SSO"},"UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserGroupResolutionConfiguration/UserGroupResolutionMode" + noValueOfThese}},
	{name: "resolution mode null", text: `{"UserGroupResolutionConfiguration":{"UserGroupResolutionMode":null},"UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserGroupResolutionConfiguration/UserGroupResolutionMode: is null"}},

	{name: "Gen AI with the default policy", text: `{"Edition":"GEN_AI_ENTERPRISE_EDITION"}`, refused: []string{genAIPolicy}},
	{name: "Gen AI with USER_TOKEN", text: `{"UserContextPolicy":"USER_TOKEN","Edition":"GEN_AI_ENTERPRISE_EDITION"}`, refused: []string{genAIPolicy}},
	{name: "Gen AI with a wrong policy", text: `{"UserContextPolicy":"TOKEN","Edition":"GEN_AI_ENTERPRISE_EDITION"}`, refused: []string{"/UserContextPolicy" + noValueOfThese}},
	{name: "Gen AI with tokens", text: `{"Edition":"GEN_AI_ENTERPRISE_EDITION","UserContextPolicy":"ATTRIBUTE_FILTER",` + jwt(okJWT + `"Issuer":"i"`)[1:], refused: []string{"/UserTokenConfigurations" + genAINot}},
	{name: "Gen AI with tokens under the other name", text: `{"UserTokenConfigurationList":[{}],"Edition":"GEN_AI_ENTERPRISE_EDITION","UserContextPolicy":"ATTRIBUTE_FILTER"}`, refused: []string{"/UserTokenConfigurationList/0: has neither JwtTokenTypeConfiguration nor JsonTokenTypeConfiguration", "/UserTokenConfigurationList" + genAINot}},
	{name: "Gen AI with group resolution", text: `{"Edition":"GEN_AI_ENTERPRISE_EDITION","UserContextPolicy":"ATTRIBUTE_FILTER","UserGroupResolutionConfiguration":{"UserGroupResolutionMode":"AWS_SSO"}}`, refused: []string{"/UserGroupResolutionConfiguration/UserGroupResolutionMode" + genAINot}},
	{name: "Gen AI with everything", text: `{"Edition":"GEN_AI_ENTERPRISE_EDITION","UserGroupResolutionConfiguration":{"UserGroupResolutionMode":"AWS_SSO"},` + jwt(okJWT + `"Issuer":"i"`)[1:], refused: []string{genAIPolicy, "/UserTokenConfigurations" + genAINot, "/UserGroupResolutionConfiguration/UserGroupResolutionMode" + genAINot}},

	{name: "key location missing", text: jwt(`"URL":"` + keysURL + `"`), refused: []string{atJWT + "/KeyLocation: is missing"}},
	{name: "nothing in it", text: jwt(""), refused: []string{atJWT + "/KeyLocation: is missing"}},
	{name: "key location unknown", text: jwt(`"KeyLocation":"SECRETS_MANAGER"`), refused: []string{atJWT + "/KeyLocation" + noValueOfThese}},
	{name: "key location empty", text: jwt(`"KeyLocation":""`), refused: []string{atJWT + "/KeyLocation" + noValueOfThese}},
	{name: "key location null", text: jwt(`"KeyLocation":null`), refused: []string{atJWT + "/KeyLocation: is null"}},
	{name: "URL missing", text: jwt(`"KeyLocation":"URL"`), refused: []string{urlMissing}},
	{name: "URL missing, a secret beside it", text: jwt(`"KeyLocation":"URL","SecretManagerArn":"` + secretARN + `"`), refused: []string{urlMissing}},
	{name: "URL empty", text: jwt(`"KeyLocation":"URL","URL":""`), refused: []string{atJWT + "/URL: is an empty string"}},
	{name: "secret missing", text: jwt(`"KeyLocation":"SECRET_MANAGER"`), refused: []string{secretMissing}},
	{name: "secret missing, a URL beside it", text: jwt(`"KeyLocation":"SECRET_MANAGER","URL":"` + keysURL + `"`), refused: []string{secretMissing}},
	{name: "secret empty", text: jwt(`"KeyLocation":"SECRET_MANAGER","SecretManagerArn":""`), refused: []string{atJWT + "/SecretManagerArn: is an empty string"}},
	{name: "unused secret is no ARN", text: jwt(okJWT + `"SecretManagerArn":"x"`), refused: []string{atJWT + "/SecretManagerArn: is not an ARN"}},
	{name: "issuer null", text: jwt(okJWT + `"Issuer":null`), refused: []string{atJWT + "/Issuer: is null"}},
	{name: "issuer empty", text: jwt(okJWT + `"Issuer":""`), refused: []string{atJWT + "/Issuer: is an empty string"}},
	{name: "issuer a list", text: jwt(okJWT + `"Issuer":["a"]`), refused: []string{atJWT + "/Issuer: is of type array"}},
	{name: "regex empty", text: jwt(okJWT + `"ClaimRegex":""`), refused: []string{atJWT + "/ClaimRegex: is an empty string"}},
	{name: "user field empty", text: jwt(okJWT + `"UserNameAttributeField":""`), refused: []string{atJWT + "/UserNameAttributeField: is an empty string"}},
	{name: "group field empty", text: jwt(okJWT + `"GroupAttributeField":""`), refused: []string{atJWT + "/GroupAttributeField: is an empty string"}},
	{name: "one claim for user and groups", text: jwt(okJWT + `"UserNameAttributeField":"sub","GroupAttributeField":"sub"`), refused: []string{atJWT + sameClaim}},
	{name: "one claim by name and by pointer", text: jwt(okJWT + `"UserNameAttributeField":"/sub","GroupAttributeField":"sub"`), refused: []string{atJWT + sameClaim}},
	{name: "one claim by pointer and by name", text: jwt(okJWT + `"UserNameAttributeField":"a/b~c","GroupAttributeField":"/a~1b~0c"`), refused: []string{atJWT + sameClaim}},
	{name: "the default group claim by pointer for the user", text: jwt(okJWT + `"UserNameAttributeField":"/groups"`), refused: []string{atJWT + sameClaim}},
	{name: "one pointer for user and groups", text: jwt(okJWT + `"UserNameAttributeField":"/a/b","GroupAttributeField":"/a/b"`), refused: []string{atJWT + sameClaim}},
	{name: "the default user claim for groups", text: jwt(okJWT + `"GroupAttributeField":"user"`), refused: []string{atJWT + sameClaim}},
	{name: "the default group claim for the user", text: jwt(okJWT + `"UserNameAttributeField":"groups"`), refused: []string{atJWT + sameClaim}},
	{name: "insecure switch in a document", text: jwt(okJWT + `"InsecureAllowHTTP":true`), refused: []string{atJWT + "/InsecureAllowHTTP: is unknown"}},
	{name: "http", text: jwt(`"KeyLocation":"URL","URL":"http://idp.example.com/"`), refused: []string{httpURL}},
	{name: "http in capitals", text: jwt(`"KeyLocation":"URL","URL":"HTTP://idp.example.com/"`), refused: []string{httpURL}},

	{name: "JSON token without fields", text: jsonToken(""), refused: []string{atJSON + "/UserNameAttributeField: is missing", atJSON + "/GroupAttributeField: is missing"}},
	{name: "JSON token without user", text: jsonToken(`"GroupAttributeField":"user"`), refused: []string{atJSON + "/UserNameAttributeField: is missing"}},
	{name: "JSON token without groups", text: jsonToken(`"UserNameAttributeField":"groups"`), refused: []string{atJSON + "/GroupAttributeField: is missing"}},
	{name: "JSON token, empty user", text: jsonToken(`"UserNameAttributeField":"","GroupAttributeField":"g"`), refused: []string{atJSON + "/UserNameAttributeField: is an empty string"}},
	{name: "JSON token, one claim for both", text: jsonToken(`"UserNameAttributeField":"a","GroupAttributeField":"a"`), refused: []string{atJSON + sameClaim}},
	{name: "JSON token with a key location", text: jsonToken(`"UserNameAttributeField":"a","KeyLocation":"URL","GroupAttributeField":"b"`), refused: []string{atJSON + "/KeyLocation: is unknown"}},

	{name: "unknown member", text: `{"UserContextPolicy":"ATTRIBUTE_FILTER","Extra":1}`, refused: []string{"/Extra: is unknown"}},
	{name: "unknown member, its name escaped", text: `{"UserContextPolicy":"ATTRIBUTE_FILTER","a/b~c":null}`, refused: []string{"/a~1b~0c: is unknown"}},
	{name: "empty member name", text: `{"UserContextPolicy":"ATTRIBUTE_FILTER","":1}`, refused: []string{"/: is unknown"}},
	{name: "all problems, in order", text: `{"name":1,"UserTokenConfigurations":[{"JwtTokenTypeConfiguration":{"Issuer":"","KeyLocation":"URL","ClaimRegex":"(","GroupAttributeField":"user"},"X":0}],"Edition":"x","Status":null,"UserContextPolicy":[]}`,
		refused: []string{"/name: is unknown", atJWT + "/Issuer: is an empty string", atJWT + "/ClaimRegex: is not a regular expression: missing closing )", urlMissing, atJWT + sameClaim, atToken + "/X: is unknown",
			"/Edition" + noValueOfThese, "/Status: is null", "/UserContextPolicy: is of type array"}},
}
