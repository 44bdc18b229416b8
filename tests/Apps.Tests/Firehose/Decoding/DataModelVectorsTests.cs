using System.Formats.Cbor;
using System.Text.Json;
using Firehose.Decoding;
using Firehose.Records;

namespace Apps.Tests.Firehose.Decoding;

/// <summary>The protocol's public data-model fixtures, as far as they say something about CBOR.</summary>
public sealed class DataModelVectorsTests
{
    [Fact]
    public void Fixtures_have_the_json_and_the_cid_they_should()
    {
        foreach (var fixture in Read("data-model-fixtures.json"))
        {
            var base64 = fixture.GetProperty("cbor_base64").GetString()!;
            var cbor = Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='));
            using var json = JsonDocument.Parse(LexJsonText.Of(cbor));
            Assert.True(JsonElement.DeepEquals(fixture.GetProperty("json"), json.RootElement), json.RootElement.GetRawText());
            Assert.Equal(fixture.GetProperty("cid").GetString(), Cid.Of(cbor).ToString());
        }
    }

    [Fact]
    public void Valid_values_come_back_as_they_were()
    {
        foreach (var fixture in Read("data-model-valid.json"))
        {
            using var json = JsonDocument.Parse(LexJsonText.Of(CborOf(fixture.GetProperty("json"))));
            Assert.True(JsonElement.DeepEquals(fixture.GetProperty("json"), json.RootElement), json.RootElement.GetRawText());
        }
    }

    /// <summary>The other invalid fixtures concern the JSON form alone: CBOR has its own types for links and bytes.</summary>
    [Theory]
    [InlineData("top-level not an object")]
    [InlineData("float")]
    [InlineData("record with $type null")]
    [InlineData("record with $type wrong type")]
    [InlineData("record with empty $type string")]
    public void Invalid_records_do_not_fit(string note)
    {
        var json = Read("data-model-invalid.json").Single(fixture => fixture.GetProperty("note").GetString() == note).GetProperty("json");
        var record = json.ValueKind == JsonValueKind.Object ? json.GetProperty("rcrd") : json;
        Assert.Throws<RecordException>(() => RecordReader.Read(Collections.Profile, CborOf(record)));
    }

    private static List<JsonElement> Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestData.PathOf("atproto-interop", "data-model", file)));
        return [.. document.RootElement.EnumerateArray().Select(element => element.Clone())];
    }

    private static byte[] CborOf(JsonElement json) => TestFrame.Cbor(writer => Write(writer, json));

    private static void Write(CborWriter writer, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                TestFrame.Map(writer, [.. json.EnumerateObject().Select(field => (field.Name, (Action<CborWriter>)(w => Write(w, field.Value))))]);
                break;
            case JsonValueKind.Array:
                TestFrame.Array(writer, [.. json.EnumerateArray().Select(item => (Action<CborWriter>)(w => Write(w, item)))]);
                break;
            case JsonValueKind.String: writer.WriteTextString(json.GetString()!); break;
            case JsonValueKind.Number when json.GetDouble() % 1 == 0: writer.WriteInt64((long)json.GetDouble()); break;
            case JsonValueKind.Number: writer.WriteDouble(json.GetDouble()); break;
            case JsonValueKind.Null: writer.WriteNull(); break;
            default: writer.WriteBoolean(json.GetBoolean()); break;
        }
    }
}
