// A .NET client of the two-factor face: writes requests and reads answers with the DataContractSerializer.
//
//   peer.exe write-generate | write-generate-nil | write-check   a request on standard output
//   peer.exe read-generate | read-check                          an answer on standard input -> "code|description"
using System;
using System.Collections.Generic;
using System.Runtime.Serialization;

[DataContract(Namespace = Contract.Namespace)]
public class GenerateCode
{
    [DataMember] public string DestinationNumber { get; set; }
    [DataMember] public string IMSICode { get; set; }
    [DataMember] public string Purpose { get; set; }
    [DataMember] public string Payee { get; set; }
    [DataMember] public List<string> LimitKeys { get; set; }
}

[DataContract(Namespace = Contract.Namespace)]
public class CheckCode
{
    [DataMember] public string DestinationNumber { get; set; }
    [DataMember] public string Code { get; set; }
}

[DataContract(Namespace = Contract.Namespace)]
public class GenerateCodeResponse
{
    [DataMember] public string Code { get; set; }
    [DataMember] public string Description { get; set; }
}

[DataContract(Namespace = Contract.Namespace)]
public class CheckCodeResponse
{
    [DataMember] public int Code { get; set; }
    [DataMember] public string Description { get; set; }
}

public static class Contract
{
    public const string Namespace = "http://schemas.datacontract.org/2004/07/Devino.PhoneVerification";
}

public static class Peer
{
    public static int Main(string[] arguments)
    {
        switch (arguments[0])
        {
            case "write-generate":
                Write(new GenerateCode
                {
                    DestinationNumber = "79169492211",
                    IMSICode = "D92C2B0A1D5C64BBA8DD8BCE43C4BA11",
                    Purpose = "payment",
                    Payee = "ООО \"Ромашка\" & <К°>",
                    LimitKeys = new List<string> { "device:1", "10.0.0.7" },
                });
                return 0;
            case "write-generate-nil":
                Write(new GenerateCode { DestinationNumber = "79169492211" });
                return 0;
            case "write-check":
                Write(new CheckCode { DestinationNumber = "79169492283", Code = "07565" });
                return 0;
            case "read-generate":
                var generated = Read<GenerateCodeResponse>();
                Console.Out.Write(generated.Code + "|" + generated.Description);
                return 0;
            case "read-check":
                var checkedCode = Read<CheckCodeResponse>();
                Console.Out.Write(checkedCode.Code + "|" + checkedCode.Description);
                return 0;
            default:
                return 2;
        }
    }

    private static void Write<T>(T message)
    {
        using (var output = Console.OpenStandardOutput())
        {
            new DataContractSerializer(typeof(T)).WriteObject(output, message);
        }
    }

    private static T Read<T>()
    {
        using (var input = Console.OpenStandardInput())
        {
            return (T)new DataContractSerializer(typeof(T)).ReadObject(input);
        }
    }
}
