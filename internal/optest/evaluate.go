package optest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// evaluate computes an extent from its text, such as "2*floor((N-1)/2)", with
// the values of the symbols.
func evaluate(text string, env map[string]int64) (int64, error) {
	p := &parser{rest: strings.NewReplacer("×", "*", " ", "").Replace(text), env: env}
	v, err := p.sum()
	switch {
	case err != nil:
		return 0, fmt.Errorf("evaluate %q: %w", text, err)
	case p.rest != "":
		return 0, fmt.Errorf("evaluate %q: stopped before %q", text, p.rest)
	case v != math.Trunc(v):
		return 0, fmt.Errorf("evaluate %q: %v is no whole number", text, v)
	}
	return int64(v), nil
}

type parser struct {
	rest string
	env  map[string]int64
}

func (p *parser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *parser) sum() (float64, error) {
	v, err := p.product()
	for err == nil {
		var w float64
		switch {
		case p.take("+"):
			w, err = p.product()
			v += w
		case p.take("-"):
			w, err = p.product()
			v -= w
		default:
			return v, nil
		}
	}
	return v, err
}

func (p *parser) product() (float64, error) {
	v, err := p.factor()
	for err == nil {
		var w float64
		switch {
		case p.take("*"):
			w, err = p.factor()
			v *= w
		case p.take("/"):
			w, err = p.factor()
			v /= w
		default:
			return v, nil
		}
	}
	return v, err
}

func (p *parser) factor() (float64, error) {
	switch {
	case p.take("-"):
		v, err := p.factor()
		return -v, err
	case p.take("floor("):
		v, err := p.inside()
		return math.Floor(v), err
	case p.take("ceil("):
		v, err := p.inside()
		return math.Ceil(v), err
	case p.take("("):
		return p.inside()
	}
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.' })
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return float64(n), nil
	}
	if n, ok := p.env[word]; ok {
		return float64(n), nil
	}
	return 0, fmt.Errorf("%q stands for nothing", word)
}

func (p *parser) inside() (float64, error) {
	v, err := p.sum()
	if err == nil && !p.take(")") {
		err = fmt.Errorf("a parenthesis is open before %q", p.rest)
	}
	return v, err
}
