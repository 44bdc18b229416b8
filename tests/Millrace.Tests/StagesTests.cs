using System.Text.RegularExpressions;
using System.Xml.Linq;
using Millrace.Conformance;

namespace Millrace.Tests;

/// <summary>The folders of the engine follow the data: a stage knows what comes before it, and of what comes after it only the values that flow.</summary>
public sealed partial class StagesTests
{
    private static readonly string[] Stages = ["Sources", "Dispatch", "Handling", "Outcomes", "Settlements"];
    private static readonly string[] Flowing = ["Outcome", "Settlement"];
    private static readonly string Engine = Path.Combine(RepositoryFolder.Find(), "src", "Millrace");

    [Fact]
    public void No_stage_names_a_type_of_a_later_one()
    {
        for (var i = 0; i < Stages.Length; i++)
            Assert.Empty(Uses(Stages[i], Stages[(i + 1)..]));
    }

    [Fact]
    public void Only_the_wiring_names_the_wiring()
    {
        foreach (var folder in Directory.GetDirectories(Engine).Select(Path.GetFileName).Except(["Hosting", "obj", "bin"]))
            Assert.Empty(Uses(folder!, ["Hosting"]));
    }

    [Fact]
    public void The_search_finds_what_is_named()
    {
        Assert.Contains(Uses("Settlements", ["Dispatch"]), use => use.EndsWith(" names Signal of Dispatch", StringComparison.Ordinal));
        Assert.Contains(Uses("Handling", ["Dispatch"]), use => use.EndsWith(" names Attempt of Dispatch", StringComparison.Ordinal));
    }

    [Fact]
    public void The_engine_knows_no_client_library()
    {
        var project = XDocument.Load(Path.Combine(Engine, "Millrace.csproj"));
        Assert.Empty(project.Descendants("ProjectReference"));
        Assert.All(project.Descendants("PackageReference"), package => Assert.StartsWith("Microsoft.Extensions.", package.Attribute("Include")!.Value, StringComparison.Ordinal));
    }

    /// <summary>A folder is a namespace, so a type of another one is named in a file that opens that namespace, or behind its name.</summary>
    private static List<string> Uses(string folder, string[] forbidden)
    {
        var uses = new List<string>();
        foreach (var file in Files(folder))
        {
            var code = CommentOrText().Replace(File.ReadAllText(file), "");
            foreach (var later in forbidden.Where(later => Regex.IsMatch(code, $@"^using Millrace\.{later};|\b{later}\.\w", RegexOptions.Multiline)))
                uses.AddRange(Types(later).Where(type => Regex.IsMatch(code, $@"\b{type}\b")).Select(type => $"{Path.GetFileName(file)} names {type} of {later}"));
        }

        return uses;
    }

    private static IEnumerable<string> Types(string folder) =>
        Files(folder).SelectMany(file => Declaration().Matches(File.ReadAllText(file))).Select(found => found.Groups[1].Value).Except(Flowing);

    private static string[] Files(string folder)
    {
        var files = Directory.GetFiles(Path.Combine(Engine, folder), "*.cs", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        return files;
    }

    [GeneratedRegex("""
        //[^\n]*|"(\\.|[^"\\\n])*"
        """, RegexOptions.Singleline)]
    private static partial Regex CommentOrText();

    // Top-level only: what is nested is named through its owner.
    [GeneratedRegex(@"^(?:(?:public|internal|abstract|sealed|static|partial|readonly)\s+)*(?:record\s+struct|record|class|struct|interface|enum|delegate\s+\S+)\s+(\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
