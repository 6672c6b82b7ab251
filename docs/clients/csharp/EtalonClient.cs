// Approves a payment with a one-time code: a client of Etalon for .NET (Core 3.0 or newer, Framework 4.7), with
// no package. Mono speaks both operations too, but cannot verify ES256: give it --unsigned.
//
//   ETALON_URL=… ETALON_API_KEY=… EtalonClient 79161234567 1500.00 [--unsigned]
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

public sealed class EtalonClient
{
    private const int Attempts = 3;
    private const int LeewaySeconds = 5;

    private readonly HttpClient http = new HttpClient { Timeout = TimeSpan.FromSeconds(15) };
    private readonly string baseUrl;
    private readonly string apiKey;

    public EtalonClient(string baseUrl, string apiKey)
    {
        this.baseUrl = baseUrl;
        this.apiKey = apiKey;
    }

    /// <summary>Calls an operation; a repeat after a lost answer bears the same key: nothing is sent twice.</summary>
    public async Task<HttpResponseMessage> Call(string operation, string members, bool signed = false)
    {
        string idempotencyKey = Guid.NewGuid().ToString();
        for (int attempt = 1; ; attempt++)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, baseUrl + "/" + operation);
            request.Headers.Add("X-ApiKey", apiKey);
            request.Headers.Add("Idempotency-Key", idempotencyKey);
            if (signed)
            {
                request.Headers.Add("X-Etalon-Want", "signed-verdict");
            }
            request.Content = new StringContent(members, Encoding.UTF8, "application/json");
            try
            {
                return await http.SendAsync(request);
            }
            catch (Exception lost) when (attempt < Attempts && (lost is HttpRequestException || lost is TaskCanceledException))
            {
                Thread.Sleep(1000 << attempt);
            }
        }
    }

    /// <summary>Gives the claims of a signed verdict, once the signature and the payment were found right.</summary>
    public async Task<string> Verify(string signed, string tenant, string number, string amount)
    {
        string[] parts = signed.Split('.');
        string header = Encoding.UTF8.GetString(Decoded(parts[0]));
        if (Member(header, "alg") != "ES256" || Member(header, "typ") != "etalon-verdict+jwt")
        {
            throw new CryptographicException("signed, but no verdict");
        }
        using (ECDsa key = await Key(Member(header, "kid")))
        {
            byte[] covered = Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]);
            if (!key.VerifyData(covered, Decoded(parts[2]), HashAlgorithmName.SHA256))
            {
                throw new CryptographicException("the signature is not the service's");
            }
        }
        string claims = Encoding.UTF8.GetString(Decoded(parts[1]));
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        long minor = (long)(decimal.Parse(amount, CultureInfo.InvariantCulture) * 100);
        bool right = Member(claims, "tenant") == tenant
            && Member(claims, "sub") == Sha256(tenant + ":" + number)
            && Member(claims, "purpose") == "payment"
            && Member(claims, "amount") == minor.ToString(CultureInfo.InvariantCulture)
            && Member(claims, "currency") == "RUB"
            && Member(claims, "payee_sha256") == Sha256("Romashka")
            && long.Parse(Member(claims, "iat")) - LeewaySeconds <= now
            && now < long.Parse(Member(claims, "exp")) + LeewaySeconds;
        return right ? claims : throw new CryptographicException("the verdict is about something else, or too old");
    }

    private async Task<ECDsa> Key(string id)
    {
        string keys = await http.GetStringAsync(baseUrl + "/.well-known/jwks.json");
        string found = Regex.Matches(keys, @"\{[^{}]*\}").Cast<Match>().Select(one => one.Value)
            .FirstOrDefault(one => Member(one, "kid") == id);
        if (found == null)
        {
            throw new CryptographicException("no key of that id is published");
        }
        var point = new ECPoint { X = Decoded(Member(found, "x")), Y = Decoded(Member(found, "y")) };
        return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
    }

    private static byte[] Decoded(string part)
    {
        string padded = part.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(padded.PadRight((padded.Length + 3) / 4 * 4, '='));
    }

    private static string Sha256(string text)
    {
        using (SHA256 hash = SHA256.Create())
        {
            return string.Concat(hash.ComputeHash(Encoding.UTF8.GetBytes(text)).Select(one => one.ToString("x2")));
        }
    }

    // Answers, keys and claims are flat JSON without escapes; a program that has a JSON library should use it.
    private static string Member(string json, string name)
    {
        return Regex.Match(json, "\"" + name + "\"\\s*:\\s*\"?([^\",}]*)").Groups[1].Value;
    }

    private static string Header(HttpResponseMessage answer, string name)
    {
        IEnumerable<string> values;
        return answer.Headers.TryGetValues(name, out values) ? values.First() : "";
    }

    public static int Main(string[] arguments)
    {
        return Approve(arguments[0], arguments[1], arguments.Contains("--unsigned")).GetAwaiter().GetResult();
    }

    private static async Task<int> Approve(string number, string amount, bool unsigned)
    {
        string tenant = Environment.GetEnvironmentVariable("ETALON_TENANT") ?? "demo";
        var etalon = new EtalonClient(
            Environment.GetEnvironmentVariable("ETALON_URL"), Environment.GetEnvironmentVariable("ETALON_API_KEY"));
        string payment = "\"DestinationNumber\":\"" + number + "\",\"Purpose\":\"payment\",\"Amount\":\"" + amount
            + "\",\"Currency\":\"RUB\",\"Payee\":\"Romashka\"";

        HttpResponseMessage sent = await etalon.Call("GenerateCode", "{" + payment + "}");
        string answer = await sent.Content.ReadAsStringAsync();
        switch (Member(answer, "Code"))
        {
            case "0":
                Console.WriteLine("code sent");
                break;
            case "6":
                Console.WriteLine("refused: " + Header(sent, "X-Etalon-Verdict"));
                if (Header(sent, "X-Etalon-Verdict") != "step_up")
                {
                    return 1;
                }
                Console.WriteLine("enter the code of the authenticator app");
                break;
            default:
                Console.WriteLine("not sent: " + answer + ", wait " + Header(sent, "Retry-After") + " s");
                return 1;
        }

        string typed = (Console.ReadLine() ?? "").Trim();
        if (!Regex.IsMatch(typed, "^[0-9]{4,10}$"))
        {
            Console.WriteLine("not approved: digits are wanted");
            return 1;
        }
        HttpResponseMessage check = await etalon.Call("CheckCode", "{" + payment + ",\"Code\":\"" + typed + "\"}", !unsigned);
        answer = await check.Content.ReadAsStringAsync();
        if (Member(answer, "Code") != "0")
        {
            Console.WriteLine("not approved: " + answer + ", wait " + Header(check, "Retry-After") + " s");
            return 1;
        }
        string told = "";
        if (!unsigned)
        {
            string claims = await etalon.Verify(Header(check, "X-Etalon-Signed-Verdict"), tenant, number, amount);
            told = ", SIM " + Member(claims, "sim") + ", signature valid";
        }
        Console.WriteLine("approved: " + amount + " RUB" + told);
        return 0;
    }
}
