package claims

// ParseDate is parseDate.
var ParseDate = parseDate
