package tokenconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// A decoder fills config from a document and collects what is wrong with it.
type decoder struct {
	problems
	options Options
	config  Config

	edition     edition
	policyWrong bool
	tokensName  string // the member that declares tokens, "" when there is none
	tokensGiven bool   // it declares something, good or bad
}

func (d *decoder) document(root strictjson.Value) {
	isObject := d.members("", root, documentMembers, func(name, path string, v strictjson.Value) {
		switch name {
		case "Edition":
			d.edition, _ = enum(d, path, v, editions)
		case policyMember:
			policy, ok := enum(d, path, v, policies)
			d.config.Policy, d.policyWrong = policy, !ok
		case resolutionMember:
			d.resolution(path, v)
		case tokensMember, tokensAlias:
			d.tokens(name, v)
		default:
			d.notNull(path, v)
		}
	})
	if isObject {
		d.whole()
	}
}

// whole checks what concerns several members of the document.
func (d *decoder) whole() {
	if d.edition == genAI {
		d.noTokensInGenAI()
		return
	}
	if d.config.Policy == UserToken && !d.policyWrong && !d.tokensGiven {
		noTokens(&d.problems, tokensPath)
	}
}

// noTokensInGenAI refuses what Kendra answers with a ValidationException.
func (d *decoder) noTokensInGenAI() {
	if d.config.Policy == UserToken && !d.policyWrong {
		d.add(policyPath, "is USER_TOKEN, or not given, which GEN_AI_ENTERPRISE_EDITION does not support", "set it to ATTRIBUTE_FILTER, or Edition to ENTERPRISE_EDITION")
	}
	if d.tokensGiven {
		d.add("/"+d.tokensName, "is not supported by GEN_AI_ENTERPRISE_EDITION", "remove it, or set Edition to ENTERPRISE_EDITION")
	}
	if d.config.GroupResolution != None {
		d.add(resolutionPath, "is not supported by GEN_AI_ENTERPRISE_EDITION", "remove it, or set Edition to ENTERPRISE_EDITION")
	}
}

func (d *decoder) resolution(path string, v strictjson.Value) {
	given := false
	isObject := d.members(path, v, []string{modeMember}, func(_, path string, v strictjson.Value) {
		given = true
		d.config.GroupResolution, _ = enum(d, path, v, resolutions)
	})
	if isObject && !given {
		d.add(path+"/"+modeMember, "is missing", "use "+either(spellings(resolutions)))
	}
}

func (d *decoder) tokens(name string, v strictjson.Value) {
	path := "/" + name
	if d.tokensName != "" {
		d.add(path, "is given besides "+d.tokensName, "keep "+tokensMember+" alone")
		return
	}
	d.tokensName = name
	d.tokensGiven = v.Kind() != strictjson.Array || v.Len() > 0
	if !d.is(path, v, strictjson.Array) {
		return
	}
	if n := v.Len(); n > 1 {
		d.add(path, "has "+strconv.Itoa(n)+" elements", "keep one; for several issuers, write a document for each")
	}
	for first := range v.Elements() {
		d.token(path+"/0", first)
		return
	}
}

func (d *decoder) token(path string, v strictjson.Value) {
	kinds := 0
	isObject := d.members(path, v, []string{jwtMember, jsonMember}, func(name, path string, v strictjson.Value) {
		kinds++
		if name == jwtMember {
			d.jwt(path, v)
		} else {
			d.json(path, v)
		}
	})
	switch {
	case isObject && kinds == 0:
		d.add(path, "has neither "+jwtMember+" nor "+jsonMember, "declare one")
	case kinds == 2:
		bothKinds(&d.problems, path)
	}
}

var jwtMembers = append([]string{keyLocationMember}, names(jwtFields)...)

func (d *decoder) jwt(path string, v strictjson.Value) {
	j := &JWT{InsecureAllowHTTP: d.options.InsecureAllowHTTP}
	d.config.JWT = j
	has := map[string]bool{}
	isObject := d.members(path, v, jwtMembers, func(name, path string, v strictjson.Value) {
		has[name] = true
		if name == keyLocationMember {
			j.KeyLocation, _ = enum(d, path, v, keyLocations)
		} else {
			text(d, path, v, named(jwtFields, name), j)
		}
	})
	if isObject {
		j.whole(&d.problems, path, has)
	}
}

func (d *decoder) json(path string, v strictjson.Value) {
	j := &JSON{}
	d.config.JSON = j
	has := map[string]bool{}
	isObject := d.members(path, v, names(jsonFields), func(name, path string, v strictjson.Value) {
		has[name] = true
		text(d, path, v, named(jsonFields, name), j)
	})
	if !isObject {
		return
	}
	for _, f := range jsonFields {
		if !has[f.name] {
			d.add(path+"/"+f.name, "is missing", "name the claim; "+jsonMember+" has no default")
		}
	}
	if len(has) == len(jsonFields) {
		distinctFields(&d.problems, path, j.UserNameAttributeField, j.GroupAttributeField)
	}
}

// members calls read for the known members of v and reports the others, as
// long as anything is reported. It returns whether v is an object.
func (d *decoder) members(path string, v strictjson.Value, known []string, read func(name, path string, v strictjson.Value)) bool {
	if !d.is(path, v, strictjson.Object) {
		return false
	}
	for name, member := range v.Members() {
		switch {
		case d.full():
			return true
		case slices.Contains(known, name):
			read(name, path+"/"+name, member)
		default:
			d.unknown(path, name, known)
		}
	}
	return true
}

func (d *decoder) unknown(path, name string, known []string) {
	fix := "remove it; the members here are " + strings.Join(known, ", ")
	if path == "" {
		fix = "remove it; it is no member of CreateIndex, UpdateIndex or DescribeIndex"
	}
	if near := nearest(name, known); near != "" {
		fix = "did you mean " + near + "?"
	}
	d.add(path+"/"+pointerToken.Replace(name), "is unknown", fix)
}

// pointerToken escapes a name for a JSON pointer (RFC 6901, section 3).
var pointerToken = strings.NewReplacer("~", "~0", "/", "~1")

// text keeps the string v as the field f.
func text[T any](d *decoder, path string, v strictjson.Value, f field[T], into *T) {
	if !d.is(path, v, strictjson.String) {
		return
	}
	value, _ := v.Str()
	if value == "" {
		d.add(path, "is an empty string", "give it a value, or leave the member out")
		return
	}
	*f.of(into) = strings.Clone(value)
	checkField(&d.problems, path, f, value, d.options.KendraLimits)
}

// enum returns the value that v spells.
func enum[T comparable](d *decoder, path string, v strictjson.Value, list []spelling[T]) (value T, ok bool) {
	if !d.is(path, v, strictjson.String) {
		return value, false
	}
	s, _ := v.Str()
	for _, known := range list {
		if known.text == s {
			return known.value, true
		}
	}
	fix := "use " + either(spellings(list))
	if near := nearest(s, spellings(list)); near != "" {
		fix = "did you mean " + near + "?"
	}
	d.add(path, "is none of the values that Kendra has", fix)
	return value, false
}

func either(list []string) string { return strings.Join(list, " or ") }

// is reports a v that is not of this kind.
func (d *decoder) is(path string, v strictjson.Value, kind strictjson.Kind) bool {
	if v.Kind() == kind {
		return true
	}
	if d.notNull(path, v) {
		d.add(path, "is of type "+v.Kind().String(), "want "+kind.String())
	}
	return false
}

func (d *decoder) notNull(path string, v strictjson.Value) bool {
	if v.Kind() == strictjson.Null {
		d.add(path, "is null", "give it a value, or leave the member out")
		return false
	}
	return true
}
