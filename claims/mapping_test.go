package claims_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
)

// mapped is a payload and the principal that it is mapped to.
type mapped struct {
	name         string
	user, groups string // fields, "" for the defaults
	edits        []string
	want         acl.Principal
	text         string // of the error
	kind         error  // nil: claims.ErrClaim
}

func runMapped(t *testing.T, opts *claims.Options, rows []mapped) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.name] {
			t.Fatalf("two rows are called %q", r.name)
		}
		seen[r.name] = true
		t.Run(r.name, func(t *testing.T) {
			cfg := config()
			cfg.UserNameAttributeField, cfg.GroupAttributeField = r.user, r.groups
			token, err := verify(t, verifier(t, cfg, opts), sign(payload(r.edits...)))
			if r.text != "" {
				if r.kind == nil {
					r.kind = claims.ErrClaim
				}
				wantError(t, err, r.kind, r.text)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r.want, token.Principal()); diff != "" {
				t.Errorf("principal (-want +got):\n%s", diff)
			}
		})
	}
}

func principal(user string, groups ...string) acl.Principal {
	return acl.Principal{User: user, Groups: groups}
}

// Rule T6
func TestMapping(t *testing.T) {
	const (
		noUser     = "claims: user: missing, and it is the user; set UserNameAttributeField to the claim that has the user name"
		wrongUser  = "claims: user: want a string that is not empty, since it is the user"
		wrongGroup = "claims: groups: want an array of strings, or a string, none empty, since it is the groups"
	)
	unknown := func(user string) acl.Principal { return acl.Principal{User: user, GroupsUnknown: true} }
	runMapped(t, nil, []mapped{
		{name: "defaults", want: principal("mary-zq7", "AWS-SA-zq7")},
		{name: "several groups: sorted, each once", edits: edits(`groups=["b","a","b"]`), want: principal("mary-zq7", "a", "b")},
		{name: "one string", edits: edits(`groups="HR, Sales"`), want: principal("mary-zq7", "HR, Sales")},
		{name: "no groups", edits: edits(`groups=[]`), want: principal("mary-zq7")},
		{name: "groups missing", edits: edits("-groups"), want: unknown("mary-zq7")},
		{name: "groups in another case", edits: edits("-groups", `Groups=["zq7"]`), want: unknown("mary-zq7")},
		{name: "escaped", edits: edits(`user="m\u0061ry\/\ud83d\ude00"`, `groups=["\u0048R"]`), want: principal("mary/😀", "HR")},

		{name: "colons", user: "cognito:username", groups: "cognito:groups", edits: edits(`cognito:username="janedoe"`, `cognito:groups=["admin"]`), want: principal("janedoe", "admin")},
		{name: "URLs", user: "https://example.com/user", groups: "https://example.com/groups",
			edits: edits(`https://example.com/user="u"`, `https://example.com/groups=["g"]`), want: principal("u", "g")},
		{name: "dots are literal", groups: "realm_access.roles", edits: edits(`realm_access={"roles":["no"]}`, `realm_access.roles=["yes"]`), want: principal("mary-zq7", "yes")},
		{name: "tilde is literal", groups: "a~1b", edits: edits(`a~1b=["g"]`), want: principal("mary-zq7", "g")},
		{name: "pointer", groups: "/realm_access/roles", edits: edits(`realm_access={"roles":["admin"]}`), want: principal("mary-zq7", "admin")},
		{name: "pointer, user", user: "/gitlab/username", edits: edits(`gitlab={"username":"Alice"}`), want: principal("Alice", "AWS-SA-zq7")},
		{name: "pointer, URL", groups: "/https:~1~1example.com~1groups", edits: edits(`https://example.com/groups=["g"]`), want: principal("mary-zq7", "g")},
		{name: "pointer, name with a slash in front", groups: "/~1groups", edits: edits(`/groups=["g"]`), want: principal("mary-zq7", "g")},
		{name: "pointer, tilde", groups: "/a~01", edits: edits(`a~1=["g"]`), want: principal("mary-zq7", "g")},
		{name: "pointer, empty name", groups: "/", edits: edits(`=["g"]`), want: principal("mary-zq7", "g")},
		{name: "pointer, element", user: "/emails/1", edits: edits(`emails=["a","b"]`), want: principal("b", "AWS-SA-zq7")},
		{name: "pointer, missing", groups: "/realm_access/roles", edits: edits(`realm_access={"ROLES":["admin"]}`), want: unknown("mary-zq7")},
		{name: "pointer, way missing", groups: "/realm_access/roles", want: unknown("mary-zq7")},
		{name: "pointer, way of another type", groups: "/realm_access/roles", edits: edits(`realm_access=null`), want: unknown("mary-zq7")},

		{name: "user missing", edits: edits("-user"), text: noUser},
		{name: "user in another case", edits: edits("-user", `User="zq7"`), text: noUser},
		{name: "user empty", edits: edits(`user=""`), text: wrongUser},
		{name: "user null", edits: edits(`user=null`), text: wrongUser},
		{name: "user number", edits: edits(`user=7`), text: wrongUser},
		{name: "user array", edits: edits(`user=["mary-zq7"]`), text: wrongUser},
		{name: "user of a pointer missing", user: "/act/sub", edits: edits(`act={}`),
			text: "claims: /act/sub: missing, and it is the user; set UserNameAttributeField to the claim that has the user name"},
		{name: "groups null", edits: edits(`groups=null`), text: wrongGroup},
		{name: "groups number", edits: edits(`groups=7`), text: wrongGroup},
		{name: "groups false", edits: edits(`groups=false`), text: wrongGroup},
		{name: "groups object", edits: edits(`groups={"zq7":true}`), text: wrongGroup},
		{name: "groups empty string", edits: edits(`groups=""`), text: wrongGroup},
		{name: "groups with a number", edits: edits(`groups=["HR",7]`), text: wrongGroup},
		{name: "groups with null", edits: edits(`groups=[null,"HR"]`), text: wrongGroup},
		{name: "groups with an array", edits: edits(`groups=[["HR"]]`), text: wrongGroup},
		{name: "groups with an object", edits: edits(`groups=[{"name":"zq7"}]`), text: wrongGroup},
		{name: "groups with an empty string", edits: edits(`groups=["HR",""]`), text: wrongGroup},
	})
}

// Rule T6
func TestSkipUser(t *testing.T) {
	runMapped(t, &claims.Options{SkipUser: true}, []mapped{
		{name: "missing", edits: edits("-user"), want: principal("", "AWS-SA-zq7")},
		{name: "there", want: principal("mary-zq7", "AWS-SA-zq7")},
		{name: "nobody", edits: edits("-user", "groups=[]"), want: principal("")},
		{name: "nothing known", edits: edits("-user", "-groups"), want: acl.Principal{GroupsUnknown: true}},
		{name: "empty", edits: edits(`user=""`), text: "claims: user: want a string that is not empty, since it is the user"},
		{name: "null", edits: edits(`user=null`), text: "claims: user: want a string that is not empty, since it is the user"},
	})
}

// Rule T6: what a provider left out of a token is not "no groups".
func TestOverage(t *testing.T) {
	elsewhere := func(field string) string {
		return "claims: " + field + ": _claim_names says that it is not in the token; let the provider send fewer groups, or map them to roles"
	}
	const hasGroups = "claims: hasgroups: says that the groups are not in the token; let the provider send fewer groups, or map them to roles"
	const object = "claims: _claim_names: want an object (OpenID Connect Core 1.0, section 5.6.2)"
	over := func(name, groups, text string, e ...string) mapped {
		return mapped{name: name, groups: groups, edits: e, text: text, kind: claims.ErrOverage}
	}
	runMapped(t, nil, []mapped{
		over("groups", "", elsewhere("groups"), "-groups", `_claim_names={"groups":"src1"}`, `_claim_sources={"src1":{"endpoint":"https://zq7"}}`),
		over("groups there as well", "", elsewhere("groups"), `_claim_names={"groups":"src1"}`),
		over("user", "", elsewhere("user"), `_claim_names={"x":"src1","user":"src1"}`),
		over("of no source", "", elsewhere("groups"), `_claim_names={"groups":null}`),
		over("pointer", "/realm_access/roles", elsewhere("/realm_access/roles"), `_claim_names={"realm_access":"src1"}`),
		over("escaped pointer", "/https:~1~1x~01", elsewhere("/https:~1~1x~01"), `_claim_names={"https://x~1":"src1"}`),
		over("array", "", object, `_claim_names=["groups"]`),
		over("null", "", object, `_claim_names=null`),
		over("hasgroups", "", hasGroups, "-groups", "hasgroups=true"),
		over("hasgroups and groups", "", hasGroups, "hasgroups=true"),
		over("hasgroups, string", "", hasGroups, `hasgroups="false"`),
		over("hasgroups, null", "", hasGroups, `hasgroups=null`),
		over("hasgroups, number", "", hasGroups, `hasgroups=0`),
		over("hasgroups, other field", "roles", hasGroups, `roles=["a"]`, `hasgroups=true`),
		{name: "hasgroups false", edits: edits("hasgroups=false"), want: principal("mary-zq7", "AWS-SA-zq7")},
		{name: "other claims", groups: "roles", edits: edits(`roles=["a"]`, `_claim_names={"groups":"src1","Roles":"src1"}`), want: principal("mary-zq7", "a")},
		{name: "none", edits: edits(`_claim_names={}`), want: principal("mary-zq7", "AWS-SA-zq7")},
	})
}

// shapes are payloads as providers send them, each a different trap.
//
// Rules T3, T4, T6
func TestShapes(t *testing.T) {
	unknown := func(user string) acl.Principal { return acl.Principal{User: user, GroupsUnknown: true} }
	for _, s := range []struct {
		name         string
		user, groups string
		issuer       string
		regex        string
		opts         *claims.Options
		typ          string
		payload      string
		want         acl.Principal
		kind         error
	}{
		{
			name: "Cognito ID token: colons", user: "cognito:username", groups: "cognito:groups",
			issuer: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01", regex: "[a-z0-9]{26}",
			opts: &claims.Options{RequiredClaims: map[string]string{"token_use": "id"}},
			payload: `{"sub":"11111111-2222-4333-8444-555555555555","cognito:groups":["AWS-SA","Customer"],"email_verified":true,
				"iss":"https:\/\/cognito-idp.eu-central-1.amazonaws.com\/eu-central-1_Example01","cognito:username":"mary",
				"aud":"abcdefghijklmnopqrstuvwxyz","token_use":"id","auth_time":946684700,"exp":946688300,"iat":946684700,"email":"mary@example.com"}`,
			want: principal("mary", "AWS-SA", "Customer"),
		}, {
			name: "Cognito ID token of a user in no group", user: "cognito:username", groups: "cognito:groups",
			issuer: "https://cognito.example", regex: "client",
			payload: `{"iss":"https://cognito.example","aud":"client","cognito:username":"mary","token_use":"id","exp":946688300}`,
			want:    unknown("mary"),
		}, {
			name: "Cognito access token: no aud", user: "username", groups: "cognito:groups",
			issuer: "https://cognito.example", regex: "client",
			payload: `{"iss":"https://cognito.example","client_id":"client","username":"mary","token_use":"access","exp":946688300}`,
			kind:    claims.ErrAudience,
		}, {
			name: "Cognito access token by client_id", user: "username", groups: "cognito:groups",
			issuer: "https://cognito.example", regex: "client", opts: &claims.Options{AudienceClaim: "client_id"},
			payload: `{"iss":"https://cognito.example","client_id":"client","username":"mary","cognito:groups":["admin"],"token_use":"access","exp":946688300}`,
			want:    principal("mary", "admin"),
		}, {
			name: "Cognito access token where an ID token is wanted", user: "username", groups: "cognito:groups",
			issuer: "https://cognito.example", regex: "client",
			opts:    &claims.Options{AudienceClaim: "client_id", RequiredClaims: map[string]string{"token_use": "id"}},
			payload: `{"iss":"https://cognito.example","client_id":"client","username":"mary","token_use":"access","exp":946688300}`,
			kind:    claims.ErrClaim,
		}, {
			name: "Entra v2: no slash at the end of iss", user: "preferred_username",
			issuer: "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0", regex: "[0-9a-f-]{36}",
			payload: `{"ver":"2.0","iss":"https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0","sub":"AAAA",
				"aud":"99999999-8888-4777-8666-555555555555","exp":946688300,"iat":946684700,"nbf":946684700,"preferred_username":"Mary@example.com",
				"groups":["77777777-6666-4555-8444-333333333333"]}`,
			want: principal("Mary@example.com", "77777777-6666-4555-8444-333333333333"),
		}, {
			name: "Entra v1: slash at the end of iss", user: "unique_name", groups: "roles",
			issuer: "https://sts.windows.net/11111111-2222-4333-8444-555555555555/", regex: "[0-9a-f-]{36}",
			payload: `{"ver":"1.0","iss":"https://sts.windows.net/11111111-2222-4333-8444-555555555555/","aud":"99999999-8888-4777-8666-555555555555",
				"exp":946688300,"unique_name":"live.com#mary@example.com","amr":["pwd"],"aio":"AXQ/=="}`,
			want: unknown("live.com#mary@example.com"),
		}, {
			name: "Entra v1: configured without the slash", user: "unique_name",
			issuer: "https://sts.windows.net/1", regex: "x",
			payload: `{"iss":"https://sts.windows.net/1/","aud":"x","exp":946688300,"unique_name":"mary"}`,
			kind:    claims.ErrIssuer,
		}, {
			name: "Entra: groups overage", user: "preferred_username",
			issuer: "https://login.microsoftonline.com/1/v2.0", regex: "x",
			payload: `{"iss":"https://login.microsoftonline.com/1/v2.0","aud":"x","exp":946688300,"preferred_username":"mary",
				"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://graph.microsoft.com/v1.0/users/u/getMemberObjects"}}}`,
			kind: claims.ErrOverage,
		}, {
			name: "Entra: hasgroups", user: "preferred_username",
			issuer: "https://login.microsoftonline.com/1/v2.0", regex: "x",
			payload: `{"iss":"https://login.microsoftonline.com/1/v2.0","aud":"x","exp":946688300,"preferred_username":"mary","hasgroups":true}`,
			kind:    claims.ErrOverage,
		}, {
			name: "Okta: groups by an administrator's name, with a space", user: "sub", groups: "GroupsClaim",
			issuer: "https://example.okta.com/oauth2/default", regex: `api://default`,
			payload: `{"ver":1,"jti":"AT.x","iss":"https://example.okta.com/oauth2/default","aud":"api://default","iat":946684700,"exp":946688300,
				"cid":"0oa","uid":"00u","scp":["openid","email"],"sub":"mary@example.com","GroupsClaim":["Midwest Sales","Everyone"]}`,
			want: principal("mary@example.com", "Everyone", "Midwest Sales"),
		}, {
			name: "Keycloak: nested roles, aud an array, nbf 0", user: "preferred_username", groups: "/realm_access/roles",
			issuer: "http://keycloak.example:9090/auth/realms/main", regex: "account",
			payload: `{"jti":"a","exp":946684860,"nbf":0,"iat":946684800,"iss":"http://keycloak.example:9090/auth/realms/main",
				"aud":["main-realm","account"],"sub":"s","typ":"Bearer","azp":"ui","acr":"0","realm_access":{"roles":["devops","admin"]},
				"resource_access":{"account":{"roles":["view-profile"]}},"preferred_username":"mary"}`,
			want: principal("mary", "admin", "devops"),
		}, {
			name: "Keycloak: roles of a client with a dash", user: "preferred_username", groups: "/resource_access/main-realm/roles",
			issuer: "http://keycloak.example", regex: "ui",
			payload: `{"iss":"http://keycloak.example","aud":"ui","exp":946684860,"resource_access":{"main-realm":{"roles":["view-realm"]}},"preferred_username":"mary"}`,
			want:    principal("mary", "view-realm"),
		}, {
			name: "Auth0: bar in sub, no groups", user: "sub", groups: "https://example.com/roles",
			issuer: "https://example.eu.auth0.com/", regex: "[A-Za-z0-9]{32}",
			payload: `{"nickname":"mary","updated_at":"1999-12-31T06:58:35.256Z","email_verified":false,"iss":"https://example.eu.auth0.com/",
				"sub":"auth0|0123456789abcdef","aud":"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345","iat":946684700,"exp":946688300}`,
			want: unknown("auth0|0123456789abcdef"),
		}, {
			name: "Google: email_verified a string", user: "email",
			issuer: "https://accounts.google.com", regex: `[0-9]+\.apps\.googleusercontent\.com`,
			payload: `{"iss":"https://accounts.google.com","azp":"1234.apps.googleusercontent.com","aud":"1234.apps.googleusercontent.com",
				"sub":"10769150350006150715113082367","hd":"example.com","email":"mary@example.com","email_verified":"true","iat":946684700,"exp":946688300}`,
			want: unknown("mary@example.com"),
		}, {
			name: "Google, formerly: iss without a scheme", user: "email",
			issuer: "https://accounts.google.com", regex: `x`,
			payload: `{"iss":"accounts.google.com","aud":"x","email":"mary@example.com","exp":946688300}`,
			kind:    claims.ErrIssuer,
		}, {
			name: "authentik: own typ, a key in the payload", user: "preferred_username", typ: "dpop+id_token",
			issuer: "http://authentik.example/application/o/test/", regex: "[A-Za-z0-9]+", opts: &claims.Options{Types: []string{"dpop+id_token"}},
			payload: `{"iss":"http://authentik.example/application/o/test/","aud":"4MpV","exp":946688300,"cnf":{"jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}},
				"preferred_username":"mary","groups":["authentik Admins"]}`,
			want: principal("mary", "authentik Admins"),
		}, {
			name: "authentik: typ not allowed", user: "preferred_username", typ: "dpop+id_token",
			issuer: "http://authentik.example/", regex: "a",
			payload: `{"iss":"http://authentik.example/","aud":"a","exp":946688300,"preferred_username":"mary"}`,
			kind:    claims.ErrMalformed,
		}, {
			name: "Forgejo: everything a string, some empty", user: "actor",
			issuer: "https://forge.example/api/actions", regex: "tokens",
			payload: `{"actor":"mary","actor_id":"1","aud":"tokens","base_ref":"","exp":946688300,"iat":946684800,"nbf":946684800,
				"iss":"https://forge.example/api/actions","ref_protected":"false","run_id":"2043","sub":"repo:MARY-1/REPO-2:ref:refs/heads/main"}`,
			want: unknown("mary"),
		}, {
			name: "Hello: a nested user", user: "/gitlab/username",
			issuer: "https://issuer.hello.example", regex: "app_[A-Za-z0-9_]+",
			payload: `{"iss":"https://issuer.hello.example","aud":"app_Test_1","gitlab":{"id":"7","username":"Mary"},"iat":946684800,"exp":946685100}`,
			want:    unknown("Mary"),
		}, {
			name: "Kendra's example", user: "username", groups: "groups",
			payload: `{"groups":["AWS-SA"],"username":"mary","iat":946684800,"exp":946685100,"iss":"secure-search","sub":"mary","jti":"1"}`,
			want:    principal("mary", "AWS-SA"),
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			cfg := config()
			cfg.UserNameAttributeField, cfg.GroupAttributeField, cfg.Issuer, cfg.ClaimRegex = s.user, s.groups, s.issuer, s.regex
			if s.typ == "" {
				s.typ = "JWT"
			}
			token, err := verify(t, verifier(t, cfg, s.opts), signAs(fmt.Sprintf(`{"alg":"HS256","kid":"shared","typ":%q}`, s.typ), s.payload))
			wantKind(t, err, s.kind)
			if s.kind == nil && err == nil {
				if diff := cmp.Diff(s.want, token.Principal()); diff != "" {
					t.Errorf("principal (-want +got):\n%s", diff)
				}
			}
		})
	}
}
