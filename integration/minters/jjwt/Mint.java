import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jsonwebtoken.Header;
import io.jsonwebtoken.JwtBuilder;
import io.jsonwebtoken.JwtException;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.ProtectedHeader;
import io.jsonwebtoken.security.Jwk;
import io.jsonwebtoken.security.Jwks;
import io.jsonwebtoken.security.Keys;
import io.jsonwebtoken.security.PublicJwk;
import io.jsonwebtoken.security.SecretJwk;
import io.jsonwebtoken.security.SecureDigestAlgorithm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import javax.crypto.SecretKey;

/**
 * Mint.java FOLDER mints tokens with jjwt and reads others with it, as FOLDER/input.json asks. It
 * prints one JSON object a line: a key {alg, kind: "Key", kid, jwk}, a token {alg, kind, token},
 * what jjwt says of a token {alg, kind, said}, and a token made as Kendra's documentation makes
 * them {alg, kind, secret, token}.
 */
public class Mint {
    static final ObjectMapper JSON = new ObjectMapper();
    static Path folder;
    static JsonNode input;

    public static void main(String[] args) throws Exception {
        folder = Path.of(args[0]);
        input = JSON.readTree(folder.resolve("input.json").toFile());
        for (JsonNode alg : input.get("algorithms")) {
            mint(alg.textValue());
        }
        for (JsonNode row : input.get("read").get("tokens")) {
            String alg = row.get("alg").textValue();
            print(row(alg, row.get("kind").textValue()).put("said", said(alg, row.get("token").textValue())));
        }
        for (JsonNode text : input.get("texts")) {
            asKendraSays(text.get("own").textValue(), text.get("other").textValue());
        }
    }

    static ObjectNode row(String alg, String kind) {
        return JSON.createObjectNode().put("alg", alg).put("kind", kind);
    }

    static void print(ObjectNode row) throws Exception {
        System.out.println(JSON.writeValueAsString(row));
    }

    // --- Minting ---

    static void mint(String alg) throws Exception {
        Key own = key("own", alg);
        Jwk<?> jwk = exported(alg);
        String written = jwk instanceof SecretJwk ? Jwks.UNSAFE_JSON(jwk) : Jwks.json((PublicJwk<?>) jwk);
        ObjectNode row = row(alg, "Key").put("kid", jwk.getId());
        row.set("jwk", JSON.readTree(written));
        print(row);

        Instant now = Instant.now();
        String good = signed(alg, jwk.getId(), own, now);
        print(row(alg, "Token").put("token", good));
        print(row(alg, "Expired").put("token", signed(alg, jwk.getId(), own, now.minus(90, ChronoUnit.MINUTES))));
        print(row(alg, "NotYetValid").put("token", signed(alg, jwk.getId(), own, now.plus(30, ChronoUnit.MINUTES))));
        print(row(alg, "Tampered").put("token", tampered(good)));
        print(row(alg, "WrongKey").put("token", signed(alg, jwk.getId(), key("other", alg), now)));
        print(row(alg, "Unsigned").put("token", claims(jwk.getId(), now).compact()));
    }

    static JwtBuilder claims(String kid, Instant from) {
        return Jwts.builder()
                .header().keyId(kid).and()
                .issuer(input.get("issuer").textValue())
                .audience().add(input.get("audience").textValue()).and()
                .claim("user", input.get("user").textValue())
                .claim("groups", JSON.convertValue(input.get("groups"), List.class))
                .issuedAt(Date.from(from))
                .notBefore(Date.from(from))
                .expiration(Date.from(from.plus(1, ChronoUnit.HOURS)));
    }

    @SuppressWarnings("unchecked")
    static String signed(String alg, String kid, Key key, Instant from) {
        return claims(kid, from).signWith(key, (SecureDigestAlgorithm<Key, ?>) Jwts.SIG.get().forKey(alg)).compact();
    }

    static String tampered(String token) throws Exception {
        String[] parts = token.split("\\.");
        ObjectNode claims = (ObjectNode) JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
        ((ArrayNode) claims.get("groups")).add("Other");
        parts[1] = Base64.getUrlEncoder().withoutPadding().encodeToString(JSON.writeValueAsBytes(claims));
        return String.join(".", parts);
    }

    /** As the sample in Kendra's documentation does it, with the methods that it uses. */
    static void asKendraSays(String secret, String other) throws Exception {
        String base64secret = Base64.getUrlEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8));
        SecretKey sharedSecret = Keys.hmacShaKeyFor(secret.getBytes(StandardCharsets.UTF_8));
        SecretKey otherSecret = Keys.hmacShaKeyFor(other.getBytes(StandardCharsets.UTF_8));
        Instant now = Instant.now();
        String alg = "HS" + 8 * secret.getBytes(StandardCharsets.UTF_8).length;
        print(row(alg, "Token").put("secret", base64secret).put("token", sample(now, sharedSecret)));
        print(row(alg, "Expired").put("secret", base64secret).put("token", sample(now.minus(30, ChronoUnit.MINUTES), sharedSecret)));
        print(row(alg, "Tampered").put("secret", base64secret).put("token", tampered(sample(now, sharedSecret))));
        print(row(alg, "WrongKey").put("secret", base64secret).put("token", sample(now, otherSecret)));
    }

    @SuppressWarnings("deprecation")
    static String sample(Instant now, SecretKey key) {
        Map<String, Object> claims = new HashMap<>();
        claims.put("username", input.get("user").textValue());
        claims.put("groups", JSON.convertValue(input.get("groups"), List.class));
        Map<String, Object> headers = new HashMap<>();
        headers.put("typ", "JWT");
        headers.put("kid", "jwttest");
        return Jwts.builder()
                .setHeader(headers)
                .setClaims(claims)
                .setSubject("sample-subject")
                .setIssuer("sample-issuer")
                .setIssuedAt(Date.from(now))
                .setExpiration(Date.from(now.plus(5, ChronoUnit.MINUTES)))
                .signWith(key)
                .compact();
    }

    // --- Keys ---

    static Key key(String whose, String alg) throws Exception {
        if (alg.startsWith("HS")) {
            return Jwks.parser().build().parse(Files.readString(folder.resolve(whose).resolve(alg + ".jwk"))).toKey();
        }
        return KeyFactory.getInstance(family(alg)).generatePrivate(new PKCS8EncodedKeySpec(pem(whose, alg + ".pem")));
    }

    static Jwk<?> exported(String alg) throws Exception {
        if (alg.startsWith("HS")) {
            return Jwks.builder().key((SecretKey) key("own", alg)).id(alg).algorithm(alg).add("use", "sig").build();
        }
        PublicKey key = KeyFactory.getInstance(family(alg)).generatePublic(new X509EncodedKeySpec(pem("own", alg + ".pub")));
        return Jwks.builder().key(key).idFromThumbprint().algorithm(alg).publicKeyUse("sig").build();
    }

    static String family(String alg) {
        return alg.startsWith("ES") ? "EC" : alg.equals("EdDSA") ? "Ed25519" : "RSA";
    }

    static byte[] pem(String whose, String name) throws Exception {
        String text = Files.readString(folder.resolve(whose).resolve(name));
        return Base64.getMimeDecoder().decode(text.replaceAll("-----[A-Z ]+-----", ""));
    }

    // --- Reading ---

    static String said(String alg, String token) {
        try {
            var claims = Jwts.parser()
                    .sig().clear().add(Jwts.SIG.get().forKey(alg)).and()
                    .keyLocator(Mint::find)
                    .requireIssuer(input.get("read").get("issuer").textValue())
                    .requireAudience(input.get("read").get("audience").textValue())
                    .build().parseSignedClaims(token).getPayload();
            StringJoiner groups = new StringJoiner(",");
            for (Object group : claims.get("groups", Iterable.class)) {
                groups.add((String) group);
            }
            return claims.get("user") + " of " + groups;
        } catch (JwtException e) {
            return e.getClass().getSimpleName();
        }
    }

    static Key find(Header header) {
        if (header instanceof ProtectedHeader h) {
            for (String set : List.of("published", "shared")) {
                for (JsonNode jwk : input.get("read").get(set).get("keys")) {
                    if (jwk.get("kid").textValue().equals(h.getKeyId())) {
                        return Jwks.parser().build().parse(jwk.toString()).toKey();
                    }
                }
            }
        }
        return null;
    }
}
