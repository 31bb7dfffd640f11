package tokenconfig

import "cmp"

// Validate reports everything that is wrong with c, which may be nil: one
// [*Error], or several, joined. Its limits on length are the wide ones of
// [Options]. What [Parse] returns is valid.
func (c *Config) Validate() error {
	var p problems
	if c == nil {
		p.add("", "is nil", "use what Parse returns, or build a Config")
		return p.err()
	}
	if c.Policy.String() == "" {
		p.add(policyPath, "is no Policy", "use UserToken or AttributeFilter")
	}
	if c.GroupResolution.String() == "" {
		p.add(resolutionPath, "is no GroupResolution", "use None or AWSSSO")
	}
	if c.JWT != nil {
		c.JWT.validate(&p)
	}
	if c.JSON != nil {
		c.JSON.validate(&p)
	}
	if c.JWT != nil && c.JSON != nil {
		bothKinds(&p, tokenPath)
	}
	if c.Policy == UserToken && c.JWT == nil && c.JSON == nil {
		noTokens(&p, tokensPath)
	}
	return p.err()
}

func (j *JWT) validate(p *problems) {
	has := map[string]bool{}
	if j.KeyLocation != 0 {
		has[keyLocationMember] = true
		if j.KeyLocation.String() == "" {
			p.add(jwtPath+"/"+keyLocationMember, "is no KeyLocation", "use KeyURL or KeySecretManager")
		}
	}
	for _, f := range jwtFields {
		if value := *f.of(j); value != "" {
			has[f.name] = true
			checkField(p, jwtPath+"/"+f.name, f, value, false)
		}
	}
	j.whole(p, jwtPath, has)
}

func (j *JSON) validate(p *problems) {
	for _, f := range jsonFields {
		if value := *f.of(j); value != "" {
			checkField(p, jsonPath+"/"+f.name, f, value, false)
		}
	}
	distinctFields(p, jsonPath, j.UserNameAttributeField, j.GroupAttributeField)
}

// whole checks what concerns several members of j; has are those that are
// there, good or bad.
func (j *JWT) whole(p *problems, path string, has map[string]bool) {
	switch {
	case !has[keyLocationMember]:
		p.add(path+"/"+keyLocationMember, "is missing", "use URL or SECRET_MANAGER")
	case j.KeyLocation == KeyURL && !has[urlMember]:
		p.add(path+"/"+urlMember, "is missing, although KeyLocation is URL", "set URL, or set KeyLocation to SECRET_MANAGER and SecretManagerArn")
	case j.KeyLocation == KeySecretManager && !has[arnMember]:
		p.add(path+"/"+arnMember, "is missing, although KeyLocation is SECRET_MANAGER", "set SecretManagerArn, or set KeyLocation to URL and URL")
	}
	if isHTTP(j.URL) && !j.InsecureAllowHTTP {
		p.add(path+"/"+urlMember, "has the scheme http, so that anybody on the way can exchange the keys", "use https, or allow it by InsecureAllowHTTP")
	}
	distinctFields(p, path, j.UserNameAttributeField, j.GroupAttributeField)
}

// distinctFields refuses a claim that is the user and the groups at once:
// whoever chooses his user name would choose his group.
func distinctFields(p *problems, path, user, group string) {
	if pointer(cmp.Or(user, DefaultUserField)) == pointer(cmp.Or(group, DefaultGroupField)) {
		p.add(path+"/"+groupFieldMember, "is the same claim as UserNameAttributeField", "name the claim that holds the groups")
	}
}

// pointer returns the JSON pointer (RFC 6901) to the claim that a field names:
// by its name, or by such a pointer.
func pointer(field string) string {
	if field[0] == '/' {
		return field
	}
	return "/" + pointerToken.Replace(field)
}

func bothKinds(p *problems, path string) {
	p.add(path, "has both JwtTokenTypeConfiguration and JsonTokenTypeConfiguration", "keep one; what both mean is not defined")
}

func noTokens(p *problems, path string) {
	p.add(path, "is missing or empty, although UserContextPolicy is USER_TOKEN, which it also is when it is not given", "declare one token configuration, or set UserContextPolicy to ATTRIBUTE_FILTER")
}
