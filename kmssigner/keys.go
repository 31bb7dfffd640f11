package kmssigner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// Keys are those behind one name of a [Backend]: the one that signs, one that
// soon will, and those that did. They are a [jwks.Source] that verifies with the
// public keys, without any call, and HMAC with one call, since nobody else has
// the key.
//
// The backend is asked again in the background every RefreshInterval, until
// Close. When the name stands for another key, that is published and verifies at
// once, and signs when PublishAhead is over, by when every cache has it. The key
// before it verifies until the last token that any process signed with it has
// expired. A key that the backend says is disabled, waits for its deletion or is
// gone ceases to sign, to verify and to be published: disabling a key revokes it.
//
// All methods are safe for concurrent use. The zero value and nil have no keys.
type Keys struct{ state *keys }

type keys struct {
	Options
	backend Backend
	stop    context.CancelFunc
	stopped context.Context

	turn    chan struct{} // holds one value while a refresh is under way
	current atomic.Pointer[ring]

	mu      sync.Mutex           // guards what follows, and who stores current
	retired map[string]bool      // kids
	dropped map[string]time.Time // kids that the backend called unusable, and when
	health  jwks.Health
	unnamed error     // why the backend did not tell what the name stands for
	tried   time.Time // when the latest refresh began
}

// KeyInfo tells of one of [Keys] what is no secret.
type KeyInfo struct {
	KeyID     string         // kid
	BackendID string         // ID that the backend gives it, an ARN in AWS
	Algorithm jwks.Algorithm // of its tokens
	Signs     bool           // it is the one that signs now
	NotAfter  time.Time      // it verifies until then; zero while the name stands for it
}

// NewKeys asks the backend for the key that its name stands for, and for those
// that opts trusts. A service that only verifies needs no more; one that signs
// has [Signer.Keys]. opts may be nil, and is copied, except for certificates.
//
// It fails when the backend does not answer, or has no key that can be used. ctx
// bounds these first questions alone. Close the result when it is not needed any
// more.
func NewKeys(ctx context.Context, backend Backend, opts *Options) (*Keys, error) {
	o, err := opts.resolved()
	if err != nil {
		return nil, err
	}
	if backend == nil {
		return nil, errors.New("kmssigner: no Backend; package awskms has one for AWS KMS")
	}
	k := &keys{Options: o, backend: backend, turn: make(chan struct{}, 1), retired: map[string]bool{}, dropped: map[string]time.Time{}}
	k.current.Store(&ring{})
	if err := k.begin(ctx); err != nil {
		return nil, err
	}
	k.stopped, k.stop = context.WithCancel(context.Background())
	go k.run()
	return &Keys{k}, nil
}

// begin learns the first keys.
func (k *keys) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.Timeout)
	defer cancel()
	began := time.Now()
	named, err := k.describe(ctx, "", began)
	if err != nil {
		return err
	}
	first := &ring{}
	for i, id := range k.TrustedKeys {
		old, err := k.describe(ctx, id, began)
		switch {
		case errors.Is(err, ErrKeyUnusable):
			continue
		case err != nil:
			return fmt.Errorf("TrustedKeys[%d]: %w", i, err)
		}
		if first.find(old.kid) == nil {
			first.keys = append(first.keys, old)
		}
	}
	k.current.Store(first.advance(&k.Options, news{named: named, began: began, now: time.Now()}, nil))
	k.health.LastSuccess, k.health.Fetches, k.tried = began.Round(0), 1, began
	return nil
}

// describe asks for the key with this ID, or for that of the name.
func (k *keys) describe(ctx context.Context, id string, began time.Time) (*key, error) {
	d, err := k.backend.Describe(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("kmssigner: describing the key: %w", err)
	}
	if id != "" && d.ID != id {
		return nil, errors.New("kmssigner: the backend described another key than it was asked for; TrustedKeys wants the IDs that KeyInfo.BackendID tells")
	}
	return k.newKey(d, began)
}

// run refreshes until Close.
func (k *keys) run() {
	for failed, began := false, time.Now(); ; {
		pause := k.RefreshInterval
		if failed {
			pause = min(pause, minRefresh)
		}
		pause += rand.N(pause/jitterPart + 1)
		timer := time.NewTimer(max(pause-time.Since(began), 0)) // from question to question
		select {
		case <-timer.C:
		case <-k.stopped.Done():
			timer.Stop()
			return
		}
		began = time.Now()
		failed = k.refresh(k.stopped, nil) != nil
	}
}

// Refresh asks the backend now, and returns what went wrong. Operators call it
// after they pointed the name at another key, or disabled one; nobody needs to.
func (k *Keys) Refresh(ctx context.Context) error {
	state := k.get()
	if state == nil {
		return errNotMade
	}
	return state.refresh(ctx, nil)
}

// refresh waits for its turn, and asks, unless that is not wanted any more then.
func (k *keys) refresh(caller context.Context, wanted func() bool) error {
	ctx, cancel := context.WithTimeout(caller, k.Timeout)
	defer cancel()
	if ctx.Err() == nil {
		select {
		case k.turn <- struct{}{}:
			defer func() { <-k.turn }()
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("kmssigner: waiting for another refresh: %w", context.Cause(ctx))
	}
	if wanted != nil && !wanted() {
		return nil
	}
	began := time.Now()
	n, err := k.ask(ctx, began)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped.Err() != nil {
		return errClosed
	}
	k.learn(n)
	if err != nil && caller.Err() != nil {
		return err // it says more of the caller than of the backend
	}
	k.tried, k.unnamed = began, n.unnamed
	k.health.Fetches++
	if k.health.LastError = err; err == nil {
		k.health.LastSuccess = began.Round(0)
	}
	return err
}

// learn puts news in force. What the backend called unusable since they began is
// no news.
func (k *keys) learn(n news) {
	n.now = time.Now()
	out := maps.Clone(k.retired)
	for kid, at := range k.dropped {
		if at.Before(n.began) {
			delete(k.dropped, kid)
		} else {
			out[kid] = true
		}
	}
	k.current.Store(k.current.Load().advance(&k.Options, n, out))
}

// ask asks what the name stands for and what became of the other keys, which have
// half of the time each. What it could learn before an error counts; but that a
// key may be used counts only if the name was answered, since another process may
// have long ceased to sign with it.
func (k *keys) ask(ctx context.Context, began time.Time) (news, error) {
	n := news{seen: map[string]bool{}, gone: map[string]bool{}, began: began}
	half, cancel := context.WithTimeout(ctx, k.Timeout/2)
	named, err := k.describe(half, "", began)
	cancel()
	n.named = named
	var faults []error
	if err != nil {
		faults = append(faults, err)
	}
	if !errors.Is(err, ErrKeyUnusable) {
		n.unnamed = err
	}
	var others []*key
	for _, old := range k.current.Load().keys {
		if named == nil || named.ID != old.ID {
			others = append(others, old)
		}
	}
	for i, err := range k.describeAll(ctx, others) {
		switch id := others[i].ID; {
		case errors.Is(err, ErrKeyUnusable):
			n.gone[id] = true
		case err != nil:
			faults = append(faults, fmt.Errorf("key with kid %q: %w", others[i].kid, err))
		case n.unnamed == nil:
			n.seen[id] = true
		}
	}
	return n, errors.Join(faults...)
}

// describeAll asks for all keys at once, so that none waits for another, and
// returns an error or nil for each. There are few.
func (k *keys) describeAll(ctx context.Context, all []*key) []error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, old := range all {
		wg.Go(func() { _, errs[i] = k.describe(ctx, old.ID, time.Time{}) })
	}
	wg.Wait()
	return errs
}

// drop is for a key that the backend calls unusable.
func (k *keys) drop(kid string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dropLocked(kid)
}

func (k *keys) dropLocked(kid string) {
	now := time.Now()
	k.dropped[kid] = now
	k.current.Store(k.current.Load().without(&k.Options, kid, now))
}

// Retire drops the key with this kid at once, in this process: it signs no more
// tokens, verifies no more and is published no more, also when the name stands
// for it now or later. What [Signer.CryptoSigner] returned before stays. It
// reports whether there was one. To revoke a key everywhere, disable it in the
// backend as well, which [Keys.RevocationBound] is about.
func (k *Keys) Retire(kid string) bool {
	state := k.get()
	if state == nil {
		return false
	}
	state.mu.Lock()
	defer state.mu.Unlock()
	before := state.current.Load()
	state.retired[kid] = true
	state.current.Store(before.without(&state.Options, kid, time.Now()))
	return before.find(kid) != nil
}

// Close ends the questions to the backend. No token is verified or signed any
// more.
func (k *Keys) Close() {
	state := k.get()
	if state == nil {
		return
	}
	state.mu.Lock()
	defer state.mu.Unlock()
	state.stop()
	state.current.Store(&ring{})
}

// List describes the keys that verify, the latest last.
func (k *Keys) List() []KeyInfo {
	state := k.get()
	if state == nil {
		return nil
	}
	now := time.Now()
	r := state.current.Load()
	signs := r.signer(now)
	var list []KeyInfo
	for _, each := range r.keys {
		if each.usable(now, state.MaxStale) {
			list = append(list, KeyInfo{each.kid, each.ID, each.alg, each.kid == signs, each.until.Round(0)})
		}
	}
	return list
}

// Health tells how the questions to the backend fare: each refresh counts as a
// fetch. Nothing is ever skipped or suppressed.
func (k *Keys) Health() jwks.Health {
	state := k.get()
	if state == nil {
		return jwks.Health{LastError: errNotMade}
	}
	generation, _ := state.generation(time.Now())
	state.mu.Lock()
	defer state.mu.Unlock()
	h := state.health
	h.Generation = generation
	return h
}

// RevocationBound returns for how long a key may verify at most after it was
// disabled in the backend: when every refresh succeeds, and whatever happens.
func (k *Keys) RevocationBound() (reachable, unreachable time.Duration) {
	if state := k.get(); state != nil {
		return state.reachable(), state.MaxStale
	}
	return 0, 0
}

var (
	errNotMade = fmt.Errorf("%w: NewKeys did not make these keys", jwks.ErrUnavailable)
	errClosed  = fmt.Errorf("%w: the keys are closed", jwks.ErrUnavailable)
)

func (k *Keys) get() *keys {
	if k == nil {
		return nil
	}
	return k.state
}

// String tells how many keys there are.
func (k *Keys) String() string { return fmt.Sprintf("kmssigner.Keys(%d keys)", len(k.List())) }

// Format writes [Keys.String] for every verb.
func (k *Keys) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// LogValue is [Keys.String].
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText is [Keys.String].
func (k *Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
