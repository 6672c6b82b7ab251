import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Approves a payment with a one-time code: a client of Etalon in Java 11 or newer, without dependencies.
 *
 * <pre>ETALON_URL=… ETALON_API_KEY=… java EtalonClient.java 79161234567 1500.00</pre>
 *
 * Answers, keys and claims are flat JSON without escapes, so that patterns read them here; a program that has
 * a JSON library should use it.
 */
public final class EtalonClient {
    private static final int ATTEMPTS = 3;
    private static final long LEEWAY_S = 5;

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String baseUrl;
    private final String apiKey;

    EtalonClient(String baseUrl, String apiKey) {
        this.baseUrl = baseUrl;
        this.apiKey = apiKey;
    }

    /** Calls an operation; a repeat after a lost answer bears the same key, so that nothing is sent twice. */
    HttpResponse<String> call(String operation, String members, boolean signed)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(baseUrl + "/" + operation))
                .timeout(Duration.ofSeconds(15))
                .header("X-ApiKey", apiKey)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", UUID.randomUUID().toString())
                .POST(HttpRequest.BodyPublishers.ofString(members));
        if (signed) {
            request.header("X-Etalon-Want", "signed-verdict");
        }
        for (int attempt = 1;; attempt++) {
            try {
                return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            } catch (IOException lost) {
                if (attempt == ATTEMPTS) {
                    throw lost;
                }
                Thread.sleep(1000L << attempt);
            }
        }
    }

    /** Gives the claims of a signed verdict as JSON, once the signature and the payment were found right. */
    String verify(String signed, String tenant, String number, String amount)
            throws IOException, InterruptedException, GeneralSecurityException {
        String[] parts = signed.split("\\.");
        String header = decoded(parts[0]);
        if (!member(header, "alg").equals("ES256") || !member(header, "typ").equals("etalon-verdict+jwt")) {
            throw new GeneralSecurityException("signed, but no verdict");
        }
        // The algorithm for keys and signatures is ours to say and not the header's.
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initVerify(key(member(header, "kid")));
        signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        if (!signature.verify(Base64.getUrlDecoder().decode(parts[2]))) {
            throw new GeneralSecurityException("the signature is not the service's");
        }
        String claims = decoded(parts[1]);
        long now = Instant.now().getEpochSecond();
        boolean right = member(claims, "tenant").equals(tenant)
                && member(claims, "sub").equals(sha256(tenant + ":" + number))
                && member(claims, "purpose").equals("payment")
                && member(claims, "amount").equals(new BigDecimal(amount).movePointRight(2).toBigInteger().toString())
                && member(claims, "currency").equals("RUB")
                && member(claims, "payee_sha256").equals(sha256("Romashka"))
                && Long.parseLong(member(claims, "iat")) - LEEWAY_S <= now
                && now < Long.parseLong(member(claims, "exp")) + LEEWAY_S;
        if (!right) {
            throw new GeneralSecurityException("the verdict is about something else, or too old");
        }
        return claims;
    }

    private PublicKey key(String id) throws IOException, InterruptedException, GeneralSecurityException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(baseUrl + "/.well-known/jwks.json")).build();
        String keys = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        Matcher one = Pattern.compile("\\{[^{}]*\\}").matcher(keys);
        while (one.find()) {
            if (member(one.group(), "kid").equals(id)) {
                AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
                curve.init(new ECGenParameterSpec("secp256r1"));
                ECPoint point = new ECPoint(coordinate(one.group(), "x"), coordinate(one.group(), "y"));
                ECParameterSpec parameters = curve.getParameterSpec(ECParameterSpec.class);
                return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, parameters));
            }
        }
        throw new GeneralSecurityException("no key of that id is published");
    }

    private static BigInteger coordinate(String key, String name) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(member(key, name)));
    }

    private static String decoded(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8);
    }

    private static String sha256(String text) throws GeneralSecurityException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%064x", new BigInteger(1, digest));
    }

    private static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"?([^\",}]*)").matcher(json);
        return found.find() ? found.group(1) : "";
    }

    public static void main(String[] arguments) throws Exception {
        String number = arguments[0];
        String amount = arguments[1];
        String tenant = System.getenv().getOrDefault("ETALON_TENANT", "demo");
        EtalonClient etalon = new EtalonClient(System.getenv("ETALON_URL"), System.getenv("ETALON_API_KEY"));
        String payment = "\"DestinationNumber\":\"" + number + "\",\"Purpose\":\"payment\",\"Amount\":\"" + amount
                + "\",\"Currency\":\"RUB\",\"Payee\":\"Romashka\"";

        HttpResponse<String> sent = etalon.call("GenerateCode", "{" + payment + "}", false);
        String code = member(sent.body(), "Code");
        if (code.equals("6")) {
            String verdict = sent.headers().firstValue("X-Etalon-Verdict").orElse("");
            System.out.println("refused: " + verdict);
            if (!verdict.equals("step_up")) {
                System.exit(1);
            }
            System.out.println("enter the code of the authenticator app");
        } else if (code.equals("0")) {
            System.out.println("code sent");
        } else {
            System.out.println("not sent: " + sent.body() + waiting(sent));
            System.exit(1);
        }

        String typed = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine().trim();
        if (!typed.matches("[0-9]{4,10}")) {
            System.out.println("not approved: digits are wanted");
            System.exit(1);
        }
        HttpResponse<String> checked = etalon.call("CheckCode", "{" + payment + ",\"Code\":\"" + typed + "\"}", true);
        if (!member(checked.body(), "Code").equals("0")) {
            System.out.println("not approved: " + checked.body() + waiting(checked));
            System.exit(1);
        }
        String signed = checked.headers().firstValue("X-Etalon-Signed-Verdict").orElseThrow();
        String claims = etalon.verify(signed, tenant, number, amount);
        System.out.println("approved: " + amount + " RUB, SIM " + member(claims, "sim") + ", signature valid");
    }

    private static String waiting(HttpResponse<String> answer) {
        return ", wait " + answer.headers().firstValue("Retry-After").orElse("0") + " s";
    }
}
