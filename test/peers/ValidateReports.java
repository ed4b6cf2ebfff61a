import com.pixelmed.validate.DicomSRValidator;

/** Validates each file named with pixelmed's DicomSRValidator, all in one virtual machine. */
public class ValidateReports {
  public static void main(String[] files) throws Exception {
    DicomSRValidator validator = new DicomSRValidator();
    for (String file : files) System.out.println("FILE " + file + "\n" + validator.validate(file));
  }
}
